<?php

declare(strict_types=1);

namespace Gatepass\Management;

use Gatepass\Model\Erased;
use Gatepass\Model\Page;
use Gatepass\Model\User;
use Gatepass\Model\UserExport;
use Gatepass\OrderBy;
use Generator;

/** Users: people who can be signed in. For stores of mode `managed`; otherwise `Reason::HostMode`. */
final class Users extends Noun
{
    /**
     * @param string $email  Several users may not share one; at most 254 bytes.
     * @param ?int   $userId The number; the next free one if `null`.
     *
     * @throws \Gatepass\Exception\Refused `AlreadyExists`.
     * @throws \Gatepass\Exception\InvalidArgument `email`, `first_name`, `last_name`, `user_id`.
     */
    public function add(string $email, string $firstName = '', string $lastName = '', ?int $userId = null): User
    {
        return User::fromRow($this->row('user.add', self::given([
            'email' => $email,
            'first_name' => $firstName,
            'last_name' => $lastName,
            'user_id' => $userId,
        ])));
    }

    /**
     * One page.
     *
     * @param ?string $email      Exactly this address.
     * @param ?string $search     The start of the address, first, last or full name.
     * @param int     $limit      1 to 1,000.
     * @param bool    $descending The other way round: highest number first.
     *
     * @return Page<User>
     */
    public function list(
        ?string $email = null,
        ?string $search = null,
        int $offset = 0,
        int $limit = 100,
        bool $descending = false,
        ?OrderBy $orderBy = null,
    ): Page {
        return Page::fromRow($this->row('user.list', self::given([
            'email' => $email,
            'search' => $search,
            'offset' => $offset,
            'limit' => $limit,
            'descending' => $descending,
            'order_by' => $orderBy?->value,
        ])), User::fromRow(...));
    }

    /**
     * All of them, page by page. Those that are added or erased meanwhile may be missed or told twice.
     *
     * @return Generator<int, User>
     */
    public function each(
        ?string $email = null,
        ?string $search = null,
        bool $descending = false,
        ?OrderBy $orderBy = null,
    ): Generator {
        for ($offset = 0; ; $offset += 1000) {
            $page = $this->list($email, $search, $offset, 1000, $descending, $orderBy)->items;
            foreach ($page as $user) {
                yield $user;
            }
            if (count($page) < 1000) {
                return;
            }
        }
    }

    /** @throws \Gatepass\Exception\Refused `UserUnknown`, as all that follow. */
    public function show(int $userId): User
    {
        return User::fromRow($this->row('user.show', ['user_id' => $userId]));
    }

    /**
     * Change the address; sign-in links that were mailed to the one before end.
     *
     * @throws \Gatepass\Exception\Refused `AlreadyExists` too.
     * @throws \Gatepass\Exception\InvalidArgument `email`.
     */
    public function setEmail(int $userId, string $email): User
    {
        return User::fromRow($this->row('user.set_email', ['user_id' => $userId, 'email' => $email]));
    }

    public function enable(int $userId): User
    {
        return User::fromRow($this->row('user.enable', ['user_id' => $userId]));
    }

    /** Ends the user's sessions too. */
    public function disable(int $userId): User
    {
        return User::fromRow($this->row('user.disable', ['user_id' => $userId]));
    }

    /** Everything that is stored about a user. */
    public function export(int $userId): UserExport
    {
        return UserExport::fromRow($this->row('user.export', ['user_id' => $userId]));
    }

    /** Erase the personal data for good. Backups made before keep it. */
    public function erase(int $userId): Erased
    {
        return Erased::fromRow($this->row('user.erase', ['user_id' => $userId]));
    }
}
