<?php

declare(strict_types=1);

namespace GatepassWhmcs;

/** What config.php says. */
final class Config
{
    private function __construct(
        public readonly string $store,
        public readonly ?string $sealingKeyFile,
        public readonly bool $alwaysConfirm,
        /** The label of the host credential that makes the links of e-mails. */
        public readonly string $mailCredential,
        /** WHMCS's configuration.php, when the AutoAuth key stands there; `null` when it is in the store. */
        private readonly ?string $keyFile,
    ) {
    }

    /** Read the file, and load the Gatepass package that it names. */
    public static function read(string $file, string $whmcs): self
    {
        if (!is_file($file)) {
            throw new Fault('config.php is missing; copy config.sample.php');
        }
        $given = (static fn (): mixed => require $file)();
        if (!is_array($given)) {
            throw new Fault('config.php must return an array');
        }
        $key = self::oneOf($given, 'key', ['store', 'configuration.php']);
        $confirm = self::oneOf($given, 'confirm', ['signed_in', 'always']);
        $sealing = $given['sealing_key_file'] ?? null;
        require_once self::text($given, 'autoload');
        return new self(
            self::text($given, 'store'),
            $sealing === null ? null : self::text($given, 'sealing_key_file'),
            $confirm === 'always',
            isset($given['mail_credential']) ? self::text($given, 'mail_credential') : 'cli',
            $key === 'store' ? null : "$whmcs/configuration.php",
        );
    }

    /** The key that configuration.php gives; `null` when those of the store are meant. */
    public function autoAuthKey(): ?string
    {
        if ($this->keyFile === null) {
            return null;
        }
        $key = (static function (string $file): mixed {
            require $file;
            return $autoauthkey ?? null;
        })($this->keyFile);
        if (!is_string($key) || $key === '') {
            throw new Fault('configuration.php has no $autoauthkey');
        }
        return $key;
    }

    private static function text(array $given, string $name): string
    {
        $value = $given[$name] ?? null;
        if (!is_string($value) || $value === '') {
            throw new Fault("config.php: '$name' must be a text");
        }
        return $value;
    }

    /** @param non-empty-list<string> $values The first is the default. */
    private static function oneOf(array $given, string $name, array $values): string
    {
        $value = $given[$name] ?? $values[0];
        if (!in_array($value, $values, true)) {
            throw new Fault("config.php: '$name' must be one of: " . implode(', ', $values));
        }
        return $value;
    }
}
