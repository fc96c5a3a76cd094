<?php

declare(strict_types=1);

namespace GatepassWhmcs;

/** Whom a verified address names, and who may be signed in by what is sent to a client's address. */
final class Client
{
    /** Rows asked for at once, and how many are looked at in all. */
    private const PAGE = 250;
    private const MOST = 10_000;

    private const MAY_SIGN_IN = ['Active', 'Inactive'];

    /**
     * The client's id.
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
        self::ownerWithTheClientsAddress($client);
        return $same[0];
    }

    /**
     * The id of the user who owns a client, if he is who reads the client's mail.
     *
     * @throws NotSignedIn|Fault
     */
    public static function ownerOf(int $id, Whmcs $whmcs): int
    {
        return self::ownerWithTheClientsAddress(self::details($id, $whmcs));
    }

    private static function details(int $id, Whmcs $whmcs): Answer
    {
        $client = $whmcs->call('GetClientsDetails', ['clientid' => $id])->part('client');
        return $client->id('id') === $id ? $client : throw new Fault('GetClientsDetails told of another client');
    }

    private static function ownerWithTheClientsAddress(Answer $client): int
    {
        if (!in_array($client->text('status'), self::MAY_SIGN_IN, true)) {
            throw new NotSignedIn("client {$client->id('id')} is neither Active nor Inactive");
        }
        if (!Address::same(self::ownersAddress($client), $client->text('email'))) {
            throw new NotSignedIn("client {$client->id('id')} has an owner with another address");
        }
        return $client->id('owner_user_id');
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
