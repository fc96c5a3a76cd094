<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Native\Handle;
use Gatepass\Native\Library;
use Gatepass\Native\Time;
use Gatepass\Secret;

/** A token that was just issued. */
final class Issued
{
    private function __construct(
        private readonly Secret $token,
        private readonly Secret $redirectUrl,
        /** Who will be signed in; in mode `host` only what was asked for. */
        public readonly ?int $userId,
        /** The client that the session will be bound to. */
        public readonly ?int $clientId,
        /** At exactly this time the token is expired. */
        public readonly DateTimeImmutable $expiresAt,
    ) {
    }

    /** The token: 40 hex characters, a secret until it is spent. */
    public function token(): string
    {
        return $this->token->reveal();
    }

    /** Where to send the browser: the redemption page of the system URL, with the token. */
    public function redirectUrl(): string
    {
        return $this->redirectUrl->reveal();
    }

    /** @internal */
    public static function fromHandle(Library $library, Handle $handle): self
    {
        $issued = $handle->pointer();
        return new self(
            new Secret($library->text('gatepass_issued_token', $issued) ?? ''),
            new Secret($library->text('gatepass_issued_redirect_url', $issued) ?? ''),
            $library->number('gatepass_issued_user_id', $issued) ?: null,
            $library->number('gatepass_issued_client_id', $issued) ?: null,
            Time::fromMs($library->number('gatepass_issued_expires_at_ms', $issued)),
        );
    }
}
