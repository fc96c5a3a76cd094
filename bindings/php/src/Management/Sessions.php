<?php

declare(strict_types=1);

namespace Gatepass\Management;

use DateTimeInterface;
use Gatepass\Model\Session;
use Gatepass\Native\Time;
use Generator;

/** Sessions, as far as they are managed. Each is named by its id or its public name. */
final class Sessions extends Noun
{
    /**
     * One page, newest first.
     *
     * @param bool    $all    Also those that are over.
     * @param ?string $before The public name of the last session of the page before.
     * @param int     $limit  1 to 1,000.
     *
     * @return list<Session>
     * @throws \Gatepass\Exception\InvalidArgument The parameter by its name.
     */
    public function list(
        ?int $userId = null,
        ?int $clientId = null,
        ?int $credentialId = null,
        bool $all = false,
        ?string $before = null,
        int $limit = 100,
    ): array {
        return $this->rows('session.list', self::given([
            'user_id' => $userId,
            'client_id' => $clientId,
            'credential_id' => $credentialId,
            'all' => $all,
            'before' => $before,
            'limit' => $limit,
        ]), Session::fromRow(...));
    }

    /**
     * All of them, page by page; the parameters are those of `list`.
     *
     * @return Generator<int, Session>
     */
    public function each(
        ?int $userId = null,
        ?int $clientId = null,
        ?int $credentialId = null,
        bool $all = false,
    ): Generator {
        $last = null;
        do {
            $page = $this->list($userId, $clientId, $credentialId, $all, $last?->name, 1000);
            foreach ($page as $last) {
                yield $last;
            }
        } while (count($page) === 1000);
    }

    /**
     * End one session.
     *
     * @return int How many were ended.
     * @throws \Gatepass\Exception\Refused `SessionUnknown`.
     * @throws \Gatepass\Exception\InvalidArgument `session`.
     */
    public function end(#[\SensitiveParameter] string $session): int
    {
        return $this->row('session.end', ['session' => $session])->int('ended');
    }

    /** End all sessions of a user; tells how many. */
    public function endOfUser(int $userId): int
    {
        return $this->row('session.end_user', ['user_id' => $userId])->int('ended');
    }

    /** End all sessions that a credential started, since a time if given; tells how many. */
    public function endOfCredential(int $credentialId, ?DateTimeInterface $since = null): int
    {
        $parameters = self::given(['credential_id' => $credentialId, 'since' => Time::toText($since)]);
        return $this->row('session.end_credential', $parameters)->int('ended');
    }
}
