<?php

declare(strict_types=1);

namespace GatepassWhmcs;

use Gatepass\Exception\InvalidArgument;
use Gatepass\Exception\Refused;
use Gatepass\Gatepass;
use Gatepass\Model\LinkInspection;

/**
 * Opens a sign-in link of an e-mail by a single sign-on of WHMCS's own.
 *
 * A GET shows whom the link signs in and where it leads, and changes nothing, so that programs that look into mailboxes
 * use nothing up. Only the page's own form spends a use; then WHMCS is asked for its token.
 */
final class LinkPage
{
    /** What the holder of a link may know of it. */
    private const TOLD = [
        'link_used' => 'This link was used already.',
        'link_expired' => 'This link is too old.',
        'link_revoked' => 'This link is no longer valid.',
        'link_superseded' => 'You used another link of the same kind since.',
        'link_outdated' => 'Your e-mail address or password was changed since this link was sent.',
    ];

    private function __construct(private readonly Gatepass $gate, private readonly SystemUrl $system)
    {
    }

    public static function open(Config $config): self
    {
        $gate = Gatepass::open($config->store, actor: 'sign-in link page');
        return new self($gate, new SystemUrl($gate->settings()->get('system_url')->value));
    }

    public function answer(Request $request, Whmcs $whmcs): Response
    {
        // The library finds the link in the query, whatever mail programs put around it.
        $link = "?{$request->link}";
        try {
            $seen = $this->gate->inspectLink($link, address: $request->address);
            if ($seen->refusal !== null) {
                return $this->refused($seen->refusal->value);
            }
            $client = Client::identified($seen->clientId ?? throw new NotSignedIn('a link for no client'), $whmcs);
            $confirmation = new Confirmation($this->system);
            if ($request->method !== 'POST' || !$confirmation->given($request)) {
                return $this->question($request, $confirmation, $seen, $client, $whmcs->somebodyIsSignedIn());
            }
            $opened = $this->gate->openLink($link, address: $request->address);
        } catch (Refused $refused) {
            return $this->refused($refused->codeName(), $refused->reference);
        } catch (InvalidArgument $invalid) {
            return $this->refused("invalid {$invalid->field}");
        } catch (NotSignedIn $no) {
            return Pages::refusedLink($this->system, Response::reference(), $no->getMessage());
        }
        try {
            $wanted = $this->system->wantedOf($seen->clientId, $opened->landingUrl);
            $url = $this->system->ofSignOn($whmcs->call('CreateSsoToken', $wanted)->text('redirect_url'));
        } catch (\Throwable $fault) {
            return Pages::fault($opened->reference, $fault);
        }
        return new Response(303, ["Location: $url", ...$confirmation->over($request)]);
    }

    private function question(
        Request $request,
        Confirmation $confirmation,
        LinkInspection $seen,
        Client $client,
        bool $somebody,
    ): Response {
        $to = $seen->title ?? $seen->landing;
        $page = fn (string $nonce, string $cookie): Response =>
            Pages::continueAs($this->system, $client->name, $to, $somebody, $request->link, $nonce, $cookie);
        return $confirmation->ask($request, $page);
    }

    private function refused(string $why, ?string $reference = null): Response
    {
        return Pages::refusedLink($this->system, $reference ?? Response::reference(), $why, self::TOLD[$why] ?? '');
    }

    public function __debugInfo(): array
    {
        return [];
    }
}
