<?php

declare(strict_types=1);

namespace Gatepass;

/**
 * The management operations, by noun.
 *
 * @internal Part of `Gatepass`.
 */
trait Nouns
{
    /** The owners of credentials. */
    public function admins(): Management\Admins
    {
        return new Management\Admins($this);
    }

    /** What happened. */
    public function audit(): Management\Audit
    {
        return new Management\Audit($this);
    }

    /** The keys of AutoAuth links, their use and their switch. */
    public function autoAuth(): Management\AutoAuth
    {
        return new Management\AutoAuth($this);
    }

    /** The accounts that people are signed in to. */
    public function clients(): Management\Clients
    {
        return new Management\Clients($this);
    }

    /** What calling systems prove themselves by. */
    public function credentials(): Management\Credentials
    {
        return new Management\Credentials($this);
    }

    /** Landing pages by name. */
    public function destinations(): Management\Destinations
    {
        return new Management\Destinations($this);
    }

    /** Sign-in links, as far as they are managed. */
    public function links(): Management\Links
    {
        return new Management\Links($this);
    }

    /** Who has a place in a client. */
    public function members(): Management\Members
    {
        return new Management\Members($this);
    }

    /** Sessions, as far as they are managed. */
    public function sessions(): Management\Sessions
    {
        return new Management\Sessions($this);
    }

    /** Settings of the store, which hold for every process. */
    public function settings(): Management\Settings
    {
        return new Management\Settings($this);
    }

    /** The store itself and its upkeep. */
    public function store(): Management\Store
    {
        return new Management\Store($this);
    }

    /** Tokens, as far as they are managed. */
    public function tokens(): Management\Tokens
    {
        return new Management\Tokens($this);
    }

    /** People who can be signed in. */
    public function users(): Management\Users
    {
        return new Management\Users($this);
    }
}
