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
        $confirmation = new Confirmation($this->system);
        $confirmed = $request->method === 'POST' && $confirmation->given($request);
        if (!$confirmed && ($this->mustConfirm($request) || $whmcs->somebodyIsSignedIn())) {
            return $this->question($request, $confirmation);
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
            $token = $whmcs->call('CreateSsoToken', $this->system->wantedOf($client, $accepted->landingUrl));
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

    private function question(Request $request, Confirmation $confirmation): Response
    {
        $page = fn (string $nonce, string $cookie): Response =>
            Pages::confirm($this->system, $request->link, $nonce, $cookie);
        return $confirmation->ask($request, $page);
    }

    public function __debugInfo(): array
    {
        return [];
    }
}
