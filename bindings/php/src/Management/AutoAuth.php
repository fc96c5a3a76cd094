<?php

declare(strict_types=1);

namespace Gatepass\Management;

use Gatepass\Confirm;
use Gatepass\Model\AutoAuthKey;
use Gatepass\Model\AutoAuthReport;
use Gatepass\Model\AutoAuthSwitch;
use Gatepass\Native\DocumentRoot;

/** AutoAuth: the stored keys of the old links, and their use. */
final class AutoAuth extends Noun
{
    /** Accept AutoAuth links. */
    public function enable(): AutoAuthSwitch
    {
        return AutoAuthSwitch::fromRow($this->row('autoauth.enable'));
    }

    /** Refuse AutoAuth links. */
    public function disable(): AutoAuthSwitch
    {
        return AutoAuthSwitch::fromRow($this->row('autoauth.disable'));
    }

    /**
     * Store a key, sealed.
     *
     * @param string   $label   Which calling system has it; unique.
     * @param ?Confirm $confirm When a sign-in page asks before it accepts one of its links; `null`: as the setting says,
     *                          otherwise the stricter of both.
     *
     * @throws \Gatepass\Exception\Refused `AlreadyExists`, `SealingKeyMissing`, `SealingKeyWrong`.
     * @throws \Gatepass\Exception\InvalidArgument `label`, `key`.
     */
    public function addKey(
        string $label,
        #[\SensitiveParameter] string $key,
        ?Confirm $confirm = null,
    ): AutoAuthKey {
        $given = self::given(['label' => $label, 'key' => $key, 'confirm' => $confirm?->value]);
        return AutoAuthKey::fromRow($this->row('autoauth.key_add', $given));
    }

    /** @return list<AutoAuthKey> */
    public function keys(): array
    {
        return $this->rows('autoauth.key_list', [], AutoAuthKey::fromRow(...));
    }

    /** @throws \Gatepass\Exception\Refused `KeyUnknown`. */
    public function retireKey(string $label): AutoAuthKey
    {
        return AutoAuthKey::fromRow($this->row('autoauth.key_retire', ['label' => $label]));
    }

    /** Who still uses the links, over so many days. */
    public function report(int $days = 30): AutoAuthReport
    {
        return AutoAuthReport::fromRow($this->row('autoauth.report', ['days' => $days]));
    }

    /**
     * Seal all keys anew under the key in a file.
     *
     * @param string $file Outside of the store's folder, and of the document root.
     * @return int How many.
     * @throws \Gatepass\Exception\Refused `SealingKeyMissing`, `SealingKeyWrong`.
     */
    public function rotateSeal(string $file): int
    {
        DocumentRoot::refuse($file);
        return $this->row('seal.rotate', ['file' => $file])->int('keys');
    }
}
