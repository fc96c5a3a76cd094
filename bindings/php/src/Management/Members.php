<?php

declare(strict_types=1);

namespace Gatepass\Management;

use Gatepass\Model\Client;
use Gatepass\Model\Member;

/** Members: who has a place in a client. For stores of mode `managed`. */
final class Members extends Noun
{
    /** @throws \Gatepass\Exception\Refused `UserUnknown`, `ClientUnknown`, `AlreadyExists`, `OwnerExists`. */
    public function add(int $userId, int $clientId, bool $owner = false): Client
    {
        $parameters = ['user_id' => $userId, 'client_id' => $clientId, 'owner' => $owner];
        return Client::fromRow($this->row('member.add', $parameters));
    }

    /** @throws \Gatepass\Exception\Refused `NotAMember`, `ClientUnknown`, `OwnerStays`. */
    public function remove(int $userId, int $clientId): Client
    {
        return Client::fromRow($this->row('member.remove', ['user_id' => $userId, 'client_id' => $clientId]));
    }

    /**
     * @return list<Member>
     * @throws \Gatepass\Exception\Refused `ClientUnknown`.
     */
    public function list(int $clientId): array
    {
        return $this->rows('member.list', ['client_id' => $clientId], Member::fromRow(...));
    }
}
