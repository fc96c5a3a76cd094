<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Native\Handle;
use Gatepass\Native\Library;
use Gatepass\Native\Time;
use Gatepass\Secret;

/** A person who was just signed in, by a token or an AutoAuth link. */
final class SignIn
{
    private function __construct(
        /** The id of this sign-in. No secret; it is told again to the host of whoever tries the token once more. */
        public readonly string $redemption,
        /** The user; in mode `host` what the token was issued for. */
        public readonly ?int $userId,
        /** The client that the session is bound to. */
        public readonly ?int $clientId,
        /** @var list<int> The clients that the session may enter; empty in mode `host`. */
        public readonly array $clients,
        private readonly ?Secret $session,
        /** Until when that session may last at most. */
        public readonly ?DateTimeImmutable $sessionExpiresAt,
        /** The name of the landing page, as the token was issued for. */
        public readonly ?string $destination,
        /** Where the browser goes. */
        public readonly string $landingUrl,
        /** The credential that issued the token. */
        public readonly ?int $credentialId,
        /** On whose behalf the token was issued. */
        public readonly ?string $actor,
        /** The address that an AutoAuth link was signed for; in mode `host` look it up byte for byte. */
        public readonly ?string $email,
        /** The label of the AutoAuth key that signed the link; `null` when the caller gave the key. */
        public readonly ?string $keyLabel,
        /** @var list<string> What was not checked and is the host's business, in mode `host`. */
        public readonly array $unchecked,
    ) {
    }

    /** The id of the new session, a secret for the browser's cookie alone; `null` when none was asked for. */
    public function session(): ?string
    {
        return $this->session?->reveal();
    }

    /** @internal */
    public static function fromHandle(Library $library, Handle $handle): self
    {
        $signIn = $handle->pointer();
        $clients = $library->all(
            'gatepass_sign_in_client_at',
            $library->number('gatepass_sign_in_client_count', $signIn),
            $signIn,
        );
        $unchecked = $library->all(
            'gatepass_sign_in_unchecked_at',
            $library->number('gatepass_sign_in_unchecked_count', $signIn),
            $signIn,
        );
        $session = $library->text('gatepass_sign_in_session', $signIn);
        return new self(
            $library->text('gatepass_sign_in_redemption', $signIn) ?? '',
            $library->number('gatepass_sign_in_user_id', $signIn) ?: null,
            $library->number('gatepass_sign_in_client_id', $signIn) ?: null,
            $clients,
            $session === null ? null : new Secret($session),
            Time::fromMs($library->number('gatepass_sign_in_session_expires_at_ms', $signIn)),
            $library->text('gatepass_sign_in_destination', $signIn),
            $library->text('gatepass_sign_in_landing_url', $signIn) ?? '',
            $library->number('gatepass_sign_in_credential_id', $signIn) ?: null,
            $library->text('gatepass_sign_in_actor', $signIn),
            $library->text('gatepass_sign_in_email', $signIn),
            $library->text('gatepass_sign_in_key_label', $signIn),
            $unchecked,
        );
    }
}
