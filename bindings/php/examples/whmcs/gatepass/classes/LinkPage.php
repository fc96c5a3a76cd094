<?php

declare(strict_types=1);

namespace GatepassWhmcs;

use Gatepass\Exception\InvalidArgument;
use Gatepass\Exception\Refused;
use Gatepass\Gatepass;
use Gatepass\Model\LinkInspection;

/**
 * Turns a sign-in link of an e-mail into a single sign-on of WHMCS's own.
 *
 * To look at a link uses nothing, and a GET only looks, for programs look into mailboxes. A use is spent when the
 * page's own form was sent and WHMCS has given its token: when WHMCS fails, the link is good for another try.
 */
final class LinkPage
{
    /** What the holder of a link is told of it; of one that nobody made, nothing. */
    private const TOLD = [
        'link_used' => 'It was used already.',
        'link_expired' => 'Its time is over.',
        'link_revoked' => 'It was withdrawn.',
        'link_superseded' => 'Another link of the same kind was used since.',
        'link_outdated' => 'Your e-mail address or password was changed since it was sent.',
    ];

    private readonly Confirmation $confirmation;

    private function __construct(private readonly Gatepass $gate, private readonly SystemUrl $system)
    {
        $this->confirmation = new Confirmation($system, 'signin.php');
    }

    public static function open(Config $config): self
    {
        $gate = Gatepass::open($config->store, actor: 'signin page');
        return new self($gate, new SystemUrl($gate->settings()->get('system_url')->value));
    }

    /** The answer to a look, which needs no WHMCS; `null` when a person confirmed. */
    public function look(Request $request): ?Response
    {
        $seen = $this->inspected($request);
        if ($seen instanceof Response) {
            return $seen;
        }
        if ($request->method === 'POST' && $this->confirmation->given($request)) {
            return null;
        }
        // The title is the caller's, who wrote the mail.
        $what = htmlspecialchars($seen->title ?? 'the client area');
        return $this->confirmation->page($request, "Sign in to see $what?", <<<'HTML'
            <p>You opened a link of an e-mail that signs you in without your password.</p>
            <p>Continue only if that e-mail was sent to you.</p>
            HTML);
    }

    /** After the confirmation. */
    public function signIn(Request $request, Whmcs $whmcs): Response
    {
        $seen = $this->inspected($request);
        if ($seen instanceof Response) {
            return $seen;
        }
        $client = $seen->clientId ?? throw new Fault('the link is for no client');
        try {
            // Days may have passed since the mail. In mode `host` the store knows nothing of that.
            if (Client::ownerOf($client, $whmcs) !== $seen->userId) {
                throw new NotSignedIn("client $client has another owner");
            }
            $token = $whmcs->call('CreateSsoToken', [
                'client_id' => $client,
                'user_id' => $seen->userId,
                'destination' => 'sso:custom_redirect',
                'sso_redirect_path' => $seen->landing,
            ]);
            $url = $this->system->ofSignOn($token->text('redirect_url'));
            $this->gate->openLink(self::link($request), address: $request->address);
        } catch (NotSignedIn $no) {
            return $this->refused($no->getMessage());
        } catch (Refused $refused) {
            return $this->refused($refused->codeName(), $refused->reference);
        }
        return new Response(303, ["Location: $url", ...$this->confirmation->over($request)]);
    }

    /** What the link says, or the answer to one that does not work. */
    private function inspected(Request $request): LinkInspection|Response
    {
        try {
            $seen = $this->gate->inspectLink(self::link($request), $request->address);
            $why = $seen->refusal?->value;
        } catch (Refused $refused) {
            $why = $refused->codeName();
        } catch (InvalidArgument $invalid) {
            $why = "invalid {$invalid->field}";
        }
        return $why === null ? $seen : $this->refused($why);
    }

    private function refused(string $why, ?string $reference = null): Response
    {
        return Pages::refusedLink($this->system, $reference ?? Response::reference(), $why, self::TOLD[$why] ?? '');
    }

    /** The query as it came: the library finds the link among what mail programs add. */
    private static function link(Request $request): string
    {
        return "?{$request->link}";
    }

    public function __debugInfo(): array
    {
        return [];
    }
}
