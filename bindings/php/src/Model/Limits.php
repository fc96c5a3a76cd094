<?php

declare(strict_types=1);

namespace Gatepass\Model;

use Gatepass\Confirm;
use Gatepass\Native\Row;

/** What a credential may do. `null` means "any". */
final class Limits
{
    /**
     * @param ?list<string> $actions             API actions in lower case, such as `createssotoken`.
     * @param ?list<string> $destinations        `null`: all but `sso:custom_redirect`; `*` stands for all of them.
     * @param ?list<int>    $clients             Client ids.
     * @param list<string>  $addresses           Addresses or CIDR ranges that calls may come from; empty: any.
     * @param ?int          $maxTokenLifeSeconds Longest life of its tokens, 1 to 60.
     * @param ?int          $issuesPerMinute     Issues per minute.
     * @param bool          $secretInQuery       Whether API calls may carry the secret in the query of the URL, where
     *                                           logs keep it.
     * @param ?Confirm      $confirm             When a sign-in page asks before it spends one of its tokens; `null`: as
     *                                           the setting says, otherwise the stricter of both.
     * @param bool          $links               Whether it may make sign-in links.
     * @param ?list<string> $linkDestinations    Those of its destinations that links may lead to; `null`: all of them.
     * @param ?int          $maxLinkLifeSeconds  Longest life of its links, 60 to 604,800.
     * @param ?int          $linksPerMinute      Links per minute.
     */
    public function __construct(
        public readonly ?array $actions = null,
        public readonly ?array $destinations = null,
        public readonly ?array $clients = null,
        public readonly array $addresses = [],
        public readonly ?int $maxTokenLifeSeconds = null,
        public readonly ?int $issuesPerMinute = null,
        public readonly bool $secretInQuery = false,
        public readonly ?Confirm $confirm = null,
        public readonly bool $links = false,
        public readonly ?array $linkDestinations = null,
        public readonly ?int $maxLinkLifeSeconds = null,
        public readonly ?int $linksPerMinute = null,
    ) {
    }

    /** @internal */
    public static function fromRow(Row $row): self
    {
        return new self(
            $row->itemsOrNull('actions'),
            $row->itemsOrNull('destinations'),
            $row->itemsOrNull('clients'),
            $row->items('addresses'),
            $row->intOrNull('max_token_life_seconds'),
            $row->intOrNull('issues_per_minute'),
            $row->bool('secret_in_query'),
            Confirm::fromName($row->textOrNull('confirm')),
            $row->bool('links'),
            $row->itemsOrNull('link_destinations'),
            $row->intOrNull('max_link_life_seconds'),
            $row->intOrNull('links_per_minute'),
        );
    }

    /**
     * @internal
     * @return array<string, mixed>
     */
    public function toParameter(): array
    {
        return [
            'actions' => $this->actions,
            'destinations' => $this->destinations,
            'clients' => $this->clients,
            'addresses' => $this->addresses,
            'max_token_life_seconds' => $this->maxTokenLifeSeconds,
            'issues_per_minute' => $this->issuesPerMinute,
            'secret_in_query' => $this->secretInQuery,
            'confirm' => $this->confirm?->value,
            'links' => $this->links,
            'link_destinations' => $this->linkDestinations,
            'max_link_life_seconds' => $this->maxLinkLifeSeconds,
            'links_per_minute' => $this->linksPerMinute,
        ];
    }
}
