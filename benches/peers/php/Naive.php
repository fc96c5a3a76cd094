<?php

declare(strict_types=1);

namespace Bench;

use PDO;

/**
 * Tokens as they are often written: the database's defaults, each statement on its own, look first and write then. Two
 * who come at the same time both get in.
 */
final class Naive
{
    private PDO $pdo;

    public function __construct(string $path)
    {
        $this->pdo = new PDO("sqlite:$path");
    }

    public static function create(string $path): void
    {
        (new PDO("sqlite:$path"))->exec(
            'CREATE TABLE tokens (token TEXT PRIMARY KEY, user_id INTEGER, client_id INTEGER, destination TEXT,
                                  expires_at INTEGER, used INTEGER DEFAULT 0);
             CREATE TABLE log (id INTEGER PRIMARY KEY, at INTEGER, event TEXT, user_id INTEGER, client_id INTEGER)',
        );
    }

    public function issue(): string
    {
        $token = bin2hex(random_bytes(20));
        $this->pdo
            ->prepare('INSERT INTO tokens (token, user_id, client_id, destination, expires_at) VALUES (?, ?, ?, ?, ?)')
            ->execute([$token, 1, 1, 'clientarea:product_details', time() + 60]);
        $this->log('issued');
        return $token;
    }

    public function redeem(string $token): int
    {
        $select = $this->pdo->prepare('SELECT * FROM tokens WHERE token = ?');
        $select->execute([$token]);
        $row = $select->fetch(PDO::FETCH_ASSOC);
        $select->closeCursor();
        if (!$row || $row['used'] || $row['expires_at'] <= time()) {
            throw new \RuntimeException('refused');
        }
        $this->pdo->prepare('UPDATE tokens SET used = 1 WHERE token = ?')->execute([$token]);
        $this->log('redeemed');
        return $row['user_id'];
    }

    /** @return array<string, string> */
    public function versions(): array
    {
        return sqlite($this->pdo);
    }

    private function log(string $event): void
    {
        $this->pdo->prepare('INSERT INTO log (at, event, user_id, client_id) VALUES (?, ?, 1, 1)')
            ->execute([time(), $event]);
    }
}
