<?php

declare(strict_types=1);

namespace Gatepass\Management;

use DateTimeInterface;
use Gatepass\Model\Credential;
use Gatepass\Model\IssuedSecret;
use Gatepass\Model\Limits;
use Gatepass\Model\RevokedCredential;
use Gatepass\Native\Time;

/** Credentials: what calling systems prove themselves by. They are named by label or identifier. */
final class Credentials extends Noun
{
    /**
     * Make a credential; its secret is shown this once.
     *
     * @param string  $label   What it is for; unique, 1 to 100 bytes.
     * @param ?string $admin   The owner's username; needed unless `host`.
     * @param bool    $host    Make a host credential: a registered name without a secret.
     * @param ?string $homeUrl Where a refusal page sends people back to.
     *
     * @throws \Gatepass\Exception\Refused `AlreadyExists`, `AdminUnknown`.
     * @throws \Gatepass\Exception\InvalidArgument The parameter by its name.
     */
    public function create(
        string $label,
        ?string $admin = null,
        bool $host = false,
        ?string $homeUrl = null,
        ?Limits $limits = null,
        ?DateTimeInterface $expiresAt = null,
    ): IssuedSecret {
        return IssuedSecret::fromRow($this->row('credential.create', self::given([
            'label' => $label,
            'admin' => $admin,
            'host' => $host,
            'home_url' => $homeUrl,
            'limits' => $limits?->toParameter(),
            'expires_at' => Time::toText($expiresAt),
        ])));
    }

    /** @return list<Credential> */
    public function list(): array
    {
        return $this->rows('credential.list', [], Credential::fromRow(...));
    }

    /** @throws \Gatepass\Exception\Refused `CredentialUnknown`, as all that follow. */
    public function show(string $credential): Credential
    {
        return Credential::fromRow($this->row('credential.show', ['credential' => $credential]));
    }

    /**
     * Give a credential a new secret, shown this once.
     *
     * @param int                $overlapSeconds How long the old secret is still accepted; 0 after a leak.
     * @param ?DateTimeInterface $leakedSince    Since when the old secret may be known to others: what was issued and
     *                                           started with it since then ends.
     */
    public function rotate(
        string $credential,
        int $overlapSeconds = 0,
        ?DateTimeInterface $leakedSince = null,
    ): IssuedSecret {
        return IssuedSecret::fromRow($this->row('credential.rotate', self::given([
            'credential' => $credential,
            'overlap_seconds' => $overlapSeconds,
            'leaked_since' => Time::toText($leakedSince),
        ])));
    }

    /** Revoke a credential, its unspent tokens and links for good, and its sessions if asked for. */
    public function revoke(string $credential, bool $endSessions = false): RevokedCredential
    {
        $parameters = ['credential' => $credential, 'end_sessions' => $endSessions];
        return RevokedCredential::fromRow($this->row('credential.revoke', $parameters));
    }

    /** Switch a host credential on. */
    public function enable(string $credential): Credential
    {
        return Credential::fromRow($this->row('credential.enable', ['credential' => $credential]));
    }

    /** Switch a host credential off. */
    public function disable(string $credential): Credential
    {
        return Credential::fromRow($this->row('credential.disable', ['credential' => $credential]));
    }
}
