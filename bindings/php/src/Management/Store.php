<?php

declare(strict_types=1);

namespace Gatepass\Management;

use Gatepass\Model\Backup;
use Gatepass\Model\Finding;
use Gatepass\Model\Purged;
use Gatepass\Model\Restored;
use Gatepass\Model\StoreInfo;
use Gatepass\Native\DocumentRoot;
use Gatepass\Native\Library;

/** The store itself: what it is, and its upkeep. */
final class Store extends Noun
{
    /** Name, age, schema and database version. */
    public function info(): StoreInfo
    {
        return StoreInfo::fromRow($this->row('store.info'));
    }

    /** Delete everything whose time is over. */
    public function purge(): Purged
    {
        return Purged::fromRow($this->row('store.purge'));
    }

    /**
     * Copy the store to a new file while others use it.
     *
     * @param string $file Nothing may stand there; outside of the document root.
     */
    public function backup(string $file): Backup
    {
        DocumentRoot::refuse($file);
        return Backup::fromRow($this->row('store.backup', ['file' => $file]));
    }

    /** Put a backup in place of everything. It ends all sessions, sign-in links and unspent tokens. */
    public function restore(string $file): Restored
    {
        return Restored::fromRow($this->row('store.restore', ['file' => $file]));
    }

    /**
     * Look for damage, danger and settings that endanger.
     *
     * @return list<Finding>
     */
    public function check(): array
    {
        return $this->rows('store.check', [], Finding::fromRow(...));
    }

    /**
     * What `Gatepass::call` knows: the name of each operation and what it does.
     *
     * @return array<string, string>
     */
    public function operations(): array
    {
        $library = Library::get();
        $operations = [];
        for ($index = 0; ($name = $library->text('gatepass_operation_name', $index)) !== null; $index++) {
            $operations[$name] = $library->text('gatepass_operation_about', $index) ?? '';
        }
        return $operations;
    }
}
