<?php

declare(strict_types=1);

namespace Gatepass\Management;

use Gatepass\Model\Setting;

/** Settings: they hold for every process. */
final class Settings extends Noun
{
    /** @return list<Setting> */
    public function list(): array
    {
        return $this->rows('settings.list', [], Setting::fromRow(...));
    }

    /** @throws \Gatepass\Exception\InvalidArgument `name`. */
    public function get(string $name): Setting
    {
        return Setting::fromRow($this->row('settings.get', ['name' => $name]));
    }

    /** @throws \Gatepass\Exception\InvalidArgument `name`, or the setting's own name when the value can't be used. */
    public function set(string $name, mixed $value): Setting
    {
        return Setting::fromRow($this->row('settings.set', ['name' => $name, 'value' => $value]));
    }
}
