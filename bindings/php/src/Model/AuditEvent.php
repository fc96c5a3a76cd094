<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Native\Row;

/** What happened. */
final class AuditEvent
{
    /** @internal */
    public function __construct(
        /** Its number, such as `1795356826123-0`. */
        public readonly string $reference,
        /** When it happened. */
        public readonly DateTimeImmutable $at,
        /** What happened, such as `token.redeemed`; a newer release may have written kinds unknown here. */
        public readonly string $event,
        /** `ok`, or the reason's word. */
        public readonly string $outcome,
        /** The credential that asked. */
        public readonly ?int $credentialId,
        /** The admin concerned. */
        public readonly ?int $adminId,
        /** The user concerned. */
        public readonly ?int $userId,
        /** The client concerned. */
        public readonly ?int $clientId,
        /** The thing acted on: the public name of a token or session, a label, a setting's name. */
        public readonly ?string $object,
        /** Where the call came from; cut to /24 or /48 after a time. */
        public readonly ?string $address,
        /** Who acted, in the caller's words. */
        public readonly ?string $actor,
        /** More about it. */
        public readonly ?string $detail,
        /** How often it happened in the minute after `at`. */
        public readonly int $count,
        /** When it happened last. */
        public readonly DateTimeImmutable $lastAt,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->text('reference'),
            $row->time('at'),
            $row->text('event'),
            $row->text('outcome'),
            $row->intOrNull('credential_id'),
            $row->intOrNull('admin_id'),
            $row->intOrNull('user_id'),
            $row->intOrNull('client_id'),
            $row->textOrNull('object'),
            $row->textOrNull('address'),
            $row->textOrNull('actor'),
            $row->textOrNull('detail'),
            $row->int('count'),
            $row->time('last_at'),
        );
    }
}
