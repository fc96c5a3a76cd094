<?php

declare(strict_types=1);

namespace Gatepass\Management;

use DateTimeInterface;
use Gatepass\Model\AuditEvent;
use Gatepass\Native\Time;
use Generator;

/** The audit: what happened. */
final class Audit extends Noun
{
    /**
     * One page, oldest first.
     *
     * @param DateTimeInterface $to      Not included.
     * @param ?string           $event   Only this kind, or with a trailing `.` all kinds that begin so (`token.`).
     * @param ?string           $outcome `ok`, `refused` for any refusal, or a reason's word.
     * @param ?string           $object  Only about this thing.
     * @param ?string           $after   The reference of the last event of the page before.
     * @param int               $limit   1 to 10,000.
     *
     * @return list<AuditEvent>
     * @throws \Gatepass\Exception\InvalidArgument The parameter by its name.
     */
    public function list(
        DateTimeInterface $from,
        DateTimeInterface $to,
        ?string $event = null,
        ?string $outcome = null,
        ?int $credentialId = null,
        ?int $userId = null,
        ?int $clientId = null,
        ?string $object = null,
        ?string $after = null,
        int $limit = 100,
    ): array {
        return $this->rows('audit.list', self::given([
            'from' => Time::toText($from),
            'to' => Time::toText($to),
            'event' => $event,
            'outcome' => $outcome,
            'credential_id' => $credentialId,
            'user_id' => $userId,
            'client_id' => $clientId,
            'object' => $object,
            'after' => $after,
            'limit' => $limit,
        ]), AuditEvent::fromRow(...));
    }

    /**
     * All of them, page by page; the parameters are those of `list`.
     *
     * @return Generator<int, AuditEvent>
     */
    public function each(
        DateTimeInterface $from,
        DateTimeInterface $to,
        ?string $event = null,
        ?string $outcome = null,
        ?int $credentialId = null,
        ?int $userId = null,
        ?int $clientId = null,
        ?string $object = null,
    ): Generator {
        $last = null;
        do {
            $after = $last?->reference;
            $page = $this->list($from, $to, $event, $outcome, $credentialId, $userId, $clientId, $object, $after, 1000);
            foreach ($page as $last) {
                yield $last;
            }
        } while (count($page) === 1000);
    }
}
