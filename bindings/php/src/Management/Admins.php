<?php

declare(strict_types=1);

namespace Gatepass\Management;

use Gatepass\Model\Admin;

/** Admins: the owners of credentials. */
final class Admins extends Noun
{
    /**
     * @param string  $username 1 to 64 bytes.
     * @param ?string $password For the legacy form only: at least 8 characters.
     *
     * @throws \Gatepass\Exception\Refused `AlreadyExists`.
     * @throws \Gatepass\Exception\InvalidArgument `username`, `password`.
     */
    public function add(string $username, #[\SensitiveParameter] ?string $password = null): Admin
    {
        return Admin::fromRow($this->row('admin.add', ['username' => $username, 'password' => $password]));
    }

    /** @return list<Admin> */
    public function list(): array
    {
        return $this->rows('admin.list', [], Admin::fromRow(...));
    }

    /** @throws \Gatepass\Exception\Refused `AdminUnknown`, as all that follow. */
    public function enable(string $username): Admin
    {
        return Admin::fromRow($this->row('admin.enable', ['username' => $username]));
    }

    /** Disable an admin and all its credentials. */
    public function disable(string $username): Admin
    {
        return Admin::fromRow($this->row('admin.disable', ['username' => $username]));
    }

    /** @param ?string $password `null` removes it. */
    public function setPassword(string $username, #[\SensitiveParameter] ?string $password): Admin
    {
        return Admin::fromRow($this->row('admin.set_password', ['username' => $username, 'password' => $password]));
    }
}
