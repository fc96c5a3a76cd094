<?php

declare(strict_types=1);

namespace Gatepass\Exception;

use Gatepass\Reason;

/** An expected "no": the request was understood and the answer is final. */
final class Refused extends \RuntimeException implements GatepassException
{
    use HasCodeName;

    /**
     * @param ?string $reference    The audit event that recorded it: a reference number to show to a person.
     * @param ?string $redemption   After `Reason::TokenRedeemed`: the id of the first redemption, so that a host with
     *                              sessions of its own can end that one when it takes the replay for a theft.
     * @param bool    $sameBrowser  After `Reason::TokenRedeemed`: the session given is the one that the token
     *                              started. The same person clicked twice.
     * @param bool    $sessionEnded After `Reason::TokenRedeemed` under the replay policy `revoke`: this call ended
     *                              the first redemption's session.
     * @param ?float  $retryAfter   Seconds; advice to a caller who failed too often. Nobody who is right is held back.
     *
     * @internal Thrown, not made by callers.
     */
    public function __construct(
        string $message,
        int $code,
        string $codeName,
        /** Why. `Reason::Unknown` for a reason of a newer library; `codeName()` has its word all the same. */
        public readonly Reason $reason,
        public readonly ?string $reference = null,
        public readonly ?string $redemption = null,
        public readonly bool $sameBrowser = false,
        public readonly bool $sessionEnded = false,
        public readonly ?float $retryAfter = null,
    ) {
        parent::__construct($message, $code);
        $this->codeName = $codeName;
    }
}
