<?php

declare(strict_types=1);

namespace Gatepass\Management;

use Gatepass\AccountChange;
use Gatepass\Model\LinkExplanation;
use Gatepass\Model\LinkInspection;
use Gatepass\Model\LinkReport;
use Generator;

/** Sign-in links, as far as they are managed. Each is named by its text, its URL or its public name. */
final class Links extends Noun
{
    /**
     * One page, newest first. `refusal` of each is what the link itself says; nobody asks about the person.
     *
     * @param bool    $live   Only those that could be opened now.
     * @param ?string $before The public name of the last link of the page before.
     * @param int     $limit  1 to 1,000.
     *
     * @return list<LinkInspection>
     * @throws \Gatepass\Exception\InvalidArgument The parameter by its name.
     */
    public function list(
        ?int $userId = null,
        ?int $clientId = null,
        ?int $credentialId = null,
        ?string $label = null,
        bool $live = false,
        ?string $before = null,
        int $limit = 100,
    ): array {
        return $this->rows('link.list', self::given([
            'user_id' => $userId,
            'client_id' => $clientId,
            'credential_id' => $credentialId,
            'label' => $label,
            'live' => $live,
            'before' => $before,
            'limit' => $limit,
        ]), LinkInspection::fromRow(...));
    }

    /**
     * All of them, page by page; the parameters are those of `list`.
     *
     * @return Generator<int, LinkInspection>
     */
    public function each(
        ?int $userId = null,
        ?int $clientId = null,
        ?int $credentialId = null,
        ?string $label = null,
        bool $live = false,
    ): Generator {
        $last = null;
        do {
            $page = $this->list($userId, $clientId, $credentialId, $label, $live, $last?->reference, 1000);
            foreach ($page as $last) {
                yield $last;
            }
        } while (count($page) === 1000);
    }

    /**
     * The whole story of one link.
     *
     * @throws \Gatepass\Exception\Refused `LinkUnknown`.
     * @throws \Gatepass\Exception\InvalidArgument `link`.
     */
    public function explain(#[\SensitiveParameter] string $link): LinkExplanation
    {
        return LinkExplanation::fromRow($this->row('link.explain', ['link' => $link]));
    }

    /**
     * Revoke links that could still be used: exactly one parameter says which.
     *
     * @return int How many.
     * @throws \Gatepass\Exception\Refused `LinkUnknown`, `LinkUsed` for one that is named.
     * @throws \Gatepass\Exception\InvalidArgument `link`, `label`.
     */
    public function revoke(
        #[\SensitiveParameter] ?string $link = null,
        ?int $userId = null,
        ?int $clientId = null,
        ?string $label = null,
        ?int $credentialId = null,
    ): int {
        return $this->row('link.revoke', self::given([
            'link' => $link,
            'user_id' => $userId,
            'client_id' => $clientId,
            'label' => $label,
            'credential_id' => $credentialId,
        ]))->int('ended');
    }

    /**
     * Tell that somebody's e-mail address or password was changed: the links mailed before end. Either `userId` or
     * `clientId` says whose.
     *
     * @return int How many ended.
     * @throws \Gatepass\Exception\InvalidArgument `user_id`.
     */
    public function accountChanged(AccountChange $changed, ?int $userId = null, ?int $clientId = null): int
    {
        return $this->row('link.account_changed', self::given([
            'changed' => $changed->value,
            'user_id' => $userId,
            'client_id' => $clientId,
        ]))->int('ended');
    }

    /**
     * What became of the links of one mailing, or of each.
     *
     * @param int $days The last so many: 1 to 3,650; up to 7 are told by the hour, more by the day.
     *
     * @throws \Gatepass\Exception\InvalidArgument `days`, `label`.
     */
    public function report(?string $label = null, int $days = 30): LinkReport
    {
        return LinkReport::fromRow($this->row('link.report', self::given(['label' => $label, 'days' => $days])));
    }
}
