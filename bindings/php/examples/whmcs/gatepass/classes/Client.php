<?php

declare(strict_types=1);

namespace GatepassWhmcs;

/** A client of WHMCS who may sign in. */
final class Client
{
    /** Rows asked for at once, and how many are looked at in all. */
    private const PAGE = 250;
    private const MOST = 10_000;

    private const MAY_SIGN_IN = ['Active', 'Inactive'];

    private function __construct(public readonly int $id, public readonly string $name)
    {
    }

    /**
     * The client of that id.
     *
     * @throws NotSignedIn|Fault
     */
    public static function identified(int $id, Whmcs $whmcs): self
    {
        $client = self::details($id, $whmcs);
        $name = trim("{$client->text('firstname')} {$client->text('lastname')}");
        return new self($id, $name !== '' ? $name : "client $id");
    }

    /**
     * The id of the one client that a verified address names.
     *
     * WHMCS's search finds what begins alike in several fields, by the database's collation. So all that it finds is
     * read, and of that exactly one must be the address itself. The client's owner, who will be signed in, must have
     * the same address: anyone with the right to edit a client's profile can change the client's address, and would
     * otherwise sign in as the owner.
     *
     * @param string $address As the link was signed for.
     * @throws NotSignedIn|Fault
     */
    public static function of(string $address, Whmcs $whmcs): int
    {
        $same = array_keys(self::found($address, $whmcs), true, true);
        if (count($same) !== 1) {
            throw new NotSignedIn($same === [] ? 'no client has the address' : 'several clients have the address');
        }
        $client = self::details($same[0], $whmcs);
        if (!Address::same($client->text('email'), $address)) {
            throw new Fault('GetClientsDetails told of another client than GetClients');
        }
        if (!Address::same(self::ownersAddress($client), $address)) {
            throw new NotSignedIn("client {$same[0]} has an owner with another address");
        }
        return $same[0];
    }

    /** Of a client whose status lets him sign in. */
    private static function details(int $id, Whmcs $whmcs): Answer
    {
        $client = $whmcs->call('GetClientsDetails', ['clientid' => $id])->part('client');
        if ($client->id('id') !== $id) {
            throw new Fault('GetClientsDetails told of another client than was asked for');
        }
        if (!in_array($client->text('status'), self::MAY_SIGN_IN, true)) {
            throw new NotSignedIn("client $id is neither Active nor Inactive");
        }
        return $client;
    }

    /** @return array<int, bool> By id all clients that the search found: whether the address is theirs. */
    private static function found(string $address, Whmcs $whmcs): array
    {
        $found = [];
        do {
            $before = count($found);
            $answer = $whmcs->call('GetClients', [
                'search' => Address::plain($address),
                'orderby' => 'id',
                'sorting' => 'ASC',
                'limitstart' => $before,
                'limitnum' => self::PAGE,
            ]);
            foreach ($answer->rows('clients', 'client') as $row) {
                $found[$row->id('id')] = Address::same($row->text('email'), $address);
            }
            $total = $answer->whole('totalresults');
            // A row that came twice, or a page that brought nothing, means that another one was never seen.
            if ($total > self::MOST || count($found) > $total || (count($found) === $before && $total > $before)) {
                throw new Fault('GetClients: not all that was found could be read');
            }
        } while (count($found) < $total);
        return $found;
    }

    private static function ownersAddress(Answer $client): string
    {
        $owners = [];
        foreach ($client->rows('users', 'user') as $user) {
            if ($user->yes('is_owner')) {
                $owners[$user->id('id')] = $user->text('email');
            }
        }
        $owner = $client->id('owner_user_id');
        return array_keys($owners) === [$owner] ? $owners[$owner] : throw new Fault('a client without one owner');
    }
}
