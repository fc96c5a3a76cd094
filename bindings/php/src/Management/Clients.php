<?php

declare(strict_types=1);

namespace Gatepass\Management;

use Gatepass\ClientStatus;
use Gatepass\Model\Client;
use Gatepass\Model\Page;
use Gatepass\OrderBy;
use Generator;

/** Clients: the accounts that people are signed in to. For stores of mode `managed`. */
final class Clients extends Noun
{
    /**
     * @param string $email   Clients may share one.
     * @param int    $groupId The host's group number, 0 for none.
     * @param ?int   $owner   The user who owns it; a member may be made owner later.
     *
     * @throws \Gatepass\Exception\Refused `AlreadyExists`, `UserUnknown`.
     * @throws \Gatepass\Exception\InvalidArgument The parameter by its name.
     */
    public function add(
        string $email,
        ?int $owner = null,
        string $firstName = '',
        string $lastName = '',
        string $companyName = '',
        ClientStatus $status = ClientStatus::Active,
        int $groupId = 0,
        ?int $clientId = null,
    ): Client {
        return Client::fromRow($this->row('client.add', self::given([
            'email' => $email,
            'owner' => $owner,
            'first_name' => $firstName,
            'last_name' => $lastName,
            'company_name' => $companyName,
            'status' => $status->value,
            'group_id' => $groupId,
            'client_id' => $clientId,
        ])));
    }

    /**
     * One page.
     *
     * @param ?string $email      Exactly this address.
     * @param ?string $search     The start of the address, first, last, full or company name.
     * @param int     $limit      1 to 1,000.
     * @param bool    $descending The other way round: highest number first.
     *
     * @return Page<Client>
     */
    public function list(
        ?string $email = null,
        ?string $search = null,
        ?ClientStatus $status = null,
        int $offset = 0,
        int $limit = 100,
        bool $descending = false,
        ?OrderBy $orderBy = null,
    ): Page {
        return Page::fromRow($this->row('client.list', self::given([
            'email' => $email,
            'search' => $search,
            'status' => $status?->value,
            'offset' => $offset,
            'limit' => $limit,
            'descending' => $descending,
            'order_by' => $orderBy?->value,
        ])), Client::fromRow(...));
    }

    /**
     * All of them, page by page. Those that are added meanwhile may be missed or told twice.
     *
     * @return Generator<int, Client>
     */
    public function each(
        ?string $email = null,
        ?string $search = null,
        ?ClientStatus $status = null,
        bool $descending = false,
        ?OrderBy $orderBy = null,
    ): Generator {
        for ($offset = 0; ; $offset += 1000) {
            $page = $this->list($email, $search, $status, $offset, 1000, $descending, $orderBy)->items;
            foreach ($page as $client) {
                yield $client;
            }
            if (count($page) < 1000) {
                return;
            }
        }
    }

    /** @throws \Gatepass\Exception\Refused `ClientUnknown`, as all that follow. */
    public function show(int $clientId): Client
    {
        return Client::fromRow($this->row('client.show', ['client_id' => $clientId]));
    }

    public function setStatus(int $clientId, ClientStatus $status): Client
    {
        return Client::fromRow($this->row('client.set_status', ['client_id' => $clientId, 'status' => $status->value]));
    }

    /** Switch the client's single sign-on on or off. */
    public function allowSso(int $clientId, bool $allow): Client
    {
        return Client::fromRow($this->row('client.allow_sso', ['client_id' => $clientId, 'allow' => $allow]));
    }
}
