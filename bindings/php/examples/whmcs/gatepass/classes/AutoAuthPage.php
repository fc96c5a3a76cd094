<?php

declare(strict_types=1);

namespace GatepassWhmcs;

use Gatepass\Exception\InvalidArgument;
use Gatepass\Exception\Refused;
use Gatepass\Gatepass;

/**
 * Turns an old AutoAuth link into a single sign-on of WHMCS's own.
 *
 * The library judges the link and spends it, in one act; only then is WHMCS asked whom the address names. So nobody who
 * lacks the key can make WHMCS search, and the answer to a wrong hash can't tell who is a client. The price: a link
 * whose client can't be told or signed in afterwards is spent all the same.
 */
final class AutoAuthPage
{
    /** The client area's home page, where one lands without a `goto`. */
    private const HOME = 'clientarea.php';

    /** Whom the link names is not said: nobody has checked it yet, and whoever made it chose the words. */
    private const QUESTION = <<<'HTML'
        <p>You opened a link that signs a client in. Whoever is signed in here now will not be afterwards.</p>
        <p>Continue only if you asked for the link yourself.</p>
        HTML;

    private function __construct(
        private readonly Gatepass $gate,
        private readonly Config $config,
        #[\SensitiveParameter] private readonly ?string $key,
        private readonly SystemUrl $system,
    ) {
    }

    public static function open(Config $config): self
    {
        $key = $config->autoAuthKey();
        $gate = Gatepass::open($config->store, sealingKeyFile: $config->sealingKeyFile, actor: 'autoauth page');
        return new self($gate, $config, $key, new SystemUrl($gate->settings()->get('system_url')->value));
    }

    public function answer(Request $request, Whmcs $whmcs): Response
    {
        $confirmation = new Confirmation($this->system, 'gatepass/autoauth.php');
        $confirmed = $request->method === 'POST' && $confirmation->given($request);
        if (!$confirmed && ($this->mustConfirm($request) || $whmcs->somebodyIsSignedIn())) {
            return $confirmation->page($request, 'Continue with this sign-in link?', self::QUESTION);
        }
        try {
            $accepted = $this->gate->acceptAutoAuth(
                query: $request->link,
                key: $this->key,
                startSession: false,
                address: $request->address,
            );
        } catch (Refused $refused) {
            return Pages::refused($this->system, $refused->reference ?? Response::reference(), $refused->codeName());
        } catch (InvalidArgument $invalid) {
            return Pages::refused($this->system, Response::reference(), "invalid {$invalid->field}");
        }
        try {
            $client = Client::of($accepted->email ?? '', $whmcs);
            $token = $whmcs->call('CreateSsoToken', $this->wanted($client, $accepted->landingUrl));
            $url = $this->system->ofSignOn($token->text('redirect_url'));
        } catch (NotSignedIn $no) {
            return Pages::refused($this->system, $accepted->redemption, $no->getMessage());
        } catch (\Throwable $fault) {
            return Pages::fault($accepted->redemption, $fault);
        }
        return new Response(303, ["Location: $url", ...$confirmation->over($request)]);
    }

    /** A POST without the page's own nonce may come from any site. */
    private function mustConfirm(Request $request): bool
    {
        return $this->config->alwaysConfirm || $request->method === 'POST';
    }

    /** @return array<string, int|string> */
    private function wanted(int $client, string $landingUrl): array
    {
        $path = $this->system->pathOf($landingUrl);
        return ['client_id' => $client] + match ($path) {
            self::HOME => [],
            default => ['destination' => 'sso:custom_redirect', 'sso_redirect_path' => $path],
        };
    }

    public function __debugInfo(): array
    {
        return [];
    }
}
