<?php

declare(strict_types=1);

namespace Bench;

use PDO;

/** AutoAuth links by hand: signed, verified, and accepted once. */
final class Links
{
    public const KEY = 'a key that the systems share, of some length';

    private int $signed = 0;

    private PDO $pdo;

    public function __construct(?string $path)
    {
        if ($path !== null) {
            $this->pdo = new PDO("sqlite:$path", options: [PDO::ATTR_TIMEOUT => 60]);
            $this->pdo->exec(
                'PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL;
                 CREATE TABLE used (hash TEXT PRIMARY KEY, signed_at INTEGER NOT NULL) WITHOUT ROWID;
                 CREATE TABLE audit (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL)',
            );
        }
    }

    /** The query of a link that nobody had yet. */
    public function sign(): string
    {
        $email = 'ann+' . getmypid() . '-' . $this->signed++ . '@example.com';
        $now = time();
        $hash = sha1($email . $now . self::KEY);
        return http_build_query(['email' => $email, 'timestamp' => $now, 'hash' => $hash, 'goto' => 'cart.php?a=view']);
    }

    /** The same with a hash that fits nothing. */
    public function forge(): string
    {
        return preg_replace('/hash=[0-9a-f]{8}/', 'hash=00000000', $this->sign());
    }

    /** Whom a link signs in, if it was signed with the key within 15 minutes. */
    public function verify(string $query): ?string
    {
        parse_str($query, $fields);
        ['email' => $email, 'timestamp' => $timestamp, 'hash' => $hash] = $fields + array_fill_keys(
            ['email', 'timestamp', 'hash'],
            null,
        );
        if (!is_string($email) || !is_string($timestamp) || !is_string($hash)) {
            return null;
        }
        if (!preg_match('/^[1-9][0-9]{9}$/D', $timestamp) || abs(time() - (int) $timestamp) > 900) {
            return null;
        }
        return hash_equals(sha1($email . $timestamp . self::KEY), strtolower($hash)) ? $email : null;
    }

    /** The same, once for each link. */
    public function accept(string $query): string
    {
        $email = $this->verify($query) ?? throw new \RuntimeException('refused');
        parse_str($query, $fields);
        $this->pdo->exec('BEGIN IMMEDIATE');
        $once = $this->pdo->prepare('INSERT OR IGNORE INTO used (hash, signed_at) VALUES (?, ?)');
        $once->execute([hash('sha256', $fields['hash']), $fields['timestamp']]);
        if ($once->rowCount() !== 1) {
            $this->pdo->exec('ROLLBACK');
            throw new \RuntimeException('used');
        }
        $this->pdo->prepare('INSERT INTO audit (at, event) VALUES (?, ?)')->execute([time(), 'autoauth.accepted']);
        $this->pdo->exec('COMMIT');
        return $email;
    }
}
