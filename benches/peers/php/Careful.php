<?php

declare(strict_types=1);

namespace Bench;

use PDO;
use PDOStatement;

/**
 * Tokens as a careful program writes them: a write-ahead log, each commit synced, one transaction that takes the lock
 * first, one conditional UPDATE that decides, digests instead of tokens, and an audit row.
 */
final class Careful
{
    private PDO $pdo;

    /** @var array<string, PDOStatement> */
    private array $prepared = [];

    public function __construct(string $path)
    {
        $this->pdo = new PDO("sqlite:$path", options: [PDO::ATTR_TIMEOUT => 60]);
        $this->pdo->exec('PRAGMA synchronous = FULL');
    }

    public static function create(string $path): void
    {
        (new PDO("sqlite:$path"))->exec(
            'PRAGMA journal_mode = WAL;
             CREATE TABLE token (key TEXT PRIMARY KEY, user_id INTEGER NOT NULL, client_id INTEGER NOT NULL,
                                 credential_id INTEGER NOT NULL, destination TEXT NOT NULL, issued_at INTEGER NOT NULL,
                                 expires_at INTEGER NOT NULL, redeemed_at INTEGER) WITHOUT ROWID;
             CREATE TABLE audit (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, object TEXT NOT NULL,
                                 user_id INTEGER, client_id INTEGER)',
        );
    }

    public function issue(): string
    {
        $token = bin2hex(random_bytes(20));
        $key = hash('sha256', $token);
        $now = self::now();
        $this->pdo->exec('BEGIN IMMEDIATE');
        $this->run(
            'INSERT INTO token (key, user_id, client_id, credential_id, destination, issued_at, expires_at)
             VALUES (?, 1, 1, 1, ?, ?, ?)',
            [$key, 'clientarea:product_details', $now, $now + 60_000],
        );
        $this->audit($now, 'token.issued', $key);
        $this->pdo->exec('COMMIT');
        return $token;
    }

    /** @return array<string, mixed> Whom it signs in, and where that one goes. */
    public function redeem(string $token): array
    {
        $key = hash('sha256', $token);
        $now = self::now();
        $this->pdo->exec('BEGIN IMMEDIATE');
        $spent = $this->run(
            'UPDATE token SET redeemed_at = ? WHERE key = ? AND redeemed_at IS NULL AND expires_at > ?',
            [$now, $key, $now],
        );
        if ($spent->rowCount() !== 1) {
            $this->pdo->exec('ROLLBACK');
            throw new \RuntimeException('refused');
        }
        $select = $this->run('SELECT user_id, client_id, destination FROM token WHERE key = ?', [$key]);
        $row = $select->fetch(PDO::FETCH_ASSOC);
        $select->closeCursor();
        $this->audit($now, 'token.redeemed', $key);
        $this->pdo->exec('COMMIT');
        return $row;
    }

    /** @return array<string, string> */
    public function versions(): array
    {
        return sqlite($this->pdo);
    }

    private function audit(int $now, string $event, string $key): void
    {
        $this->run(
            'INSERT INTO audit (at, event, object, user_id, client_id) VALUES (?, ?, ?, 1, 1)',
            [$now, $event, substr($key, 0, 12)],
        );
    }

    /** @param list<mixed> $values */
    private function run(string $sql, array $values): PDOStatement
    {
        $statement = $this->prepared[$sql] ??= $this->pdo->prepare($sql);
        $statement->execute($values);
        return $statement;
    }

    private static function now(): int
    {
        return (int) (microtime(true) * 1000);
    }
}
