<?php

declare(strict_types=1);

namespace Gatepass\Model;

use DateTimeImmutable;
use Gatepass\Native\Failure;
use Gatepass\Native\Handle;
use Gatepass\Native\Library;
use Gatepass\Native\Time;
use Gatepass\Reason;
use Gatepass\TokenState;

/** What can be told of a token without spending it. */
final class Inspection
{
    private function __construct(
        /** The token's public name: 24 hex characters, as the audit knows it. No secret. */
        public readonly string $name,
        /** Where the token stands. */
        public readonly TokenState $state,
        /** Why a redemption would be refused now, the person's and client's standing included. */
        public readonly ?Reason $refusal,
        /** Whom it signs in. */
        public readonly ?int $userId,
        /** Into which client. */
        public readonly ?int $clientId,
        /** The name of the landing page. */
        public readonly ?string $destination,
        /** The path of the landing page, relative to the system URL. */
        public readonly string $landing,
        /** The credential that issued it. */
        public readonly ?int $credentialId,
        /** On whose behalf it was issued. */
        public readonly ?string $actor,
        /** Whether it is bound to a browser. */
        public readonly bool $bound,
        /** When it was issued. */
        public readonly DateTimeImmutable $issuedAt,
        /** When its life ends. */
        public readonly DateTimeImmutable $expiresAt,
        /** When it was redeemed. */
        public readonly ?DateTimeImmutable $redeemedAt,
        /** The id of the redemption. */
        public readonly ?string $redemption,
    ) {
    }

    /** @internal */
    public static function fromHandle(Library $library, Handle $handle): self
    {
        $inspection = $handle->pointer();
        $refusal = $library->number('gatepass_inspection_refusal', $inspection);
        return new self(
            $library->text('gatepass_inspection_name', $inspection) ?? '',
            TokenState::fromNumber($library->number('gatepass_inspection_state', $inspection)),
            $refusal === 0 ? null : Reason::fromName(Failure::name($library, $refusal)),
            $library->number('gatepass_inspection_user_id', $inspection) ?: null,
            $library->number('gatepass_inspection_client_id', $inspection) ?: null,
            $library->text('gatepass_inspection_destination', $inspection),
            $library->text('gatepass_inspection_landing', $inspection) ?? '',
            $library->number('gatepass_inspection_credential_id', $inspection) ?: null,
            $library->text('gatepass_inspection_actor', $inspection),
            $library->number('gatepass_inspection_bound', $inspection) !== 0,
            Time::fromMs($library->number('gatepass_inspection_issued_at_ms', $inspection)),
            Time::fromMs($library->number('gatepass_inspection_expires_at_ms', $inspection)),
            Time::fromMs($library->number('gatepass_inspection_redeemed_at_ms', $inspection)),
            $library->text('gatepass_inspection_redemption', $inspection),
        );
    }
}
