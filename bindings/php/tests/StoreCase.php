<?php

declare(strict_types=1);

namespace Gatepass\Tests;

use Gatepass\Gatepass;
use Gatepass\Mode;
use PHPUnit\Framework\TestCase;

/** A folder of its own for each test, with a store in it when asked for. */
abstract class StoreCase extends TestCase
{
    protected const SYSTEM_URL = 'https://billing.example.com/whmcs';

    protected string $folder;

    protected function setUp(): void
    {
        $this->folder = Folder::make();
    }

    protected function tearDown(): void
    {
        Folder::remove($this->folder);
    }

    protected function path(): string
    {
        return $this->folder . '/gatepass.db';
    }

    /** A store with one user, who owns one client. */
    protected function store(): Gatepass
    {
        $gate = Gatepass::init($this->path(), Mode::Managed, self::SYSTEM_URL);
        $gate->users()->add('ann@example.com', firstName: 'Ann');
        $gate->clients()->add('ann@example.com', owner: 1);
        return $gate;
    }
}
