<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Native\Handle;
use Gatepass\Native\Library;
use Gatepass\Native\Time;
use Gatepass\Secret;

/** A use of a sign-in link that was just spent, and the token that it gave. */
final class OpenedLink
{
    private function __construct(
        private readonly Secret $token,
        private readonly Secret $redirectUrl,
        /** Where the person lands then. */
        public readonly string $landingUrl,
        /** The link's public name. */
        public readonly string $reference,
        /** Who will be signed in; in mode `host` what the link was made for. */
        public readonly ?int $userId,
        /** The client that the session will be bound to. */
        public readonly ?int $clientId,
        /** At exactly this time the token is expired. */
        public readonly DateTimeImmutable $expiresAt,
        /** How often the link can still be used. */
        public readonly int $usesLeft,
        /** @var list<string> What was not checked and is the host's business, in mode `host`. */
        public readonly array $unchecked,
    ) {
    }

    /** The token of this use: 40 hex characters, a secret until it is spent. */
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
        $opened = $handle->pointer();
        $unchecked = $library->all(
            'gatepass_opened_link_unchecked_at',
            $library->number('gatepass_opened_link_unchecked_count', $opened),
            $opened,
        );
        return new self(
            new Secret($library->text('gatepass_opened_link_token', $opened) ?? ''),
            new Secret($library->text('gatepass_opened_link_redirect_url', $opened) ?? ''),
            $library->text('gatepass_opened_link_landing_url', $opened) ?? '',
            $library->text('gatepass_opened_link_reference', $opened) ?? '',
            $library->number('gatepass_opened_link_user_id', $opened) ?: null,
            $library->number('gatepass_opened_link_client_id', $opened) ?: null,
            Time::fromMs($library->number('gatepass_opened_link_expires_at_ms', $opened)),
            $library->number('gatepass_opened_link_uses_left', $opened),
            $unchecked,
        );
    }
}
