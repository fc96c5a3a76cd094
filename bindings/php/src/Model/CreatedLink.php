<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Native\Handle;
use Gatepass\Native\Library;
use Gatepass\Native\Time;
use Gatepass\Secret;

/** A sign-in link that was just made. */
final class CreatedLink
{
    private function __construct(
        private readonly Secret $link,
        private readonly Secret $url,
        /** Its public name, for tables, logs and to revoke it: 24 hex characters. No secret. */
        public readonly string $reference,
        /** Who will be signed in; in mode `host` only what was asked for. */
        public readonly ?int $userId,
        /** The client that the session will be bound to. */
        public readonly ?int $clientId,
        /** At exactly this time the link is expired. */
        public readonly DateTimeImmutable $expiresAt,
    ) {
    }

    /** What goes into the mail, for the person alone: the link's page of the system URL, with the link. */
    public function url(): string
    {
        return $this->url->reveal();
    }

    /** The link by itself: 32 characters, a secret. */
    public function link(): string
    {
        return $this->link->reveal();
    }

    /** @internal */
    public static function fromHandle(Library $library, Handle $handle): self
    {
        $created = $handle->pointer();
        return new self(
            new Secret($library->text('gatepass_created_link_text', $created) ?? ''),
            new Secret($library->text('gatepass_created_link_url', $created) ?? ''),
            $library->text('gatepass_created_link_reference', $created) ?? '',
            $library->number('gatepass_created_link_user_id', $created) ?: null,
            $library->number('gatepass_created_link_client_id', $created) ?: null,
            Time::fromMs($library->number('gatepass_created_link_expires_at_ms', $created)),
        );
    }
}
