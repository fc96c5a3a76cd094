<?php

declare(strict_types=1);

namespace Gatepass\Management;

use Gatepass\Model\Explanation;
use Gatepass\Model\Token;
use Generator;

/** Tokens, as far as they are managed. Each is named by its text or its public name. */
final class Tokens extends Noun
{
    /**
     * One page, newest first.
     *
     * @param bool    $live   Only those that could be redeemed now.
     * @param ?string $before The public name of the last token of the page before.
     * @param int     $limit  1 to 1,000.
     *
     * @return list<Token>
     * @throws \Gatepass\Exception\InvalidArgument The parameter by its name.
     */
    public function list(
        ?int $userId = null,
        ?int $clientId = null,
        ?int $credentialId = null,
        bool $live = false,
        ?string $before = null,
        int $limit = 100,
    ): array {
        return $this->rows('token.list', self::given([
            'user_id' => $userId,
            'client_id' => $clientId,
            'credential_id' => $credentialId,
            'live' => $live,
            'before' => $before,
            'limit' => $limit,
        ]), Token::fromRow(...));
    }

    /**
     * All of them, page by page; the parameters are those of `list`.
     *
     * @return Generator<int, Token>
     */
    public function each(
        ?int $userId = null,
        ?int $clientId = null,
        ?int $credentialId = null,
        bool $live = false,
    ): Generator {
        $last = null;
        do {
            $page = $this->list($userId, $clientId, $credentialId, $live, $last?->token, 1000);
            foreach ($page as $last) {
                yield $last;
            }
        } while (count($page) === 1000);
    }

    /**
     * The whole story of one token.
     *
     * @throws \Gatepass\Exception\Refused `TokenUnknown`.
     * @throws \Gatepass\Exception\InvalidArgument `token`.
     */
    public function explain(#[\SensitiveParameter] string $token): Explanation
    {
        return Explanation::fromRow($this->row('token.explain', ['token' => $token]));
    }

    /**
     * Revoke unspent tokens: exactly one parameter says which.
     *
     * @return int How many.
     * @throws \Gatepass\Exception\Refused `TokenUnknown`, `TokenRedeemed` for one that is named.
     * @throws \Gatepass\Exception\InvalidArgument `token`.
     */
    public function revoke(
        #[\SensitiveParameter] ?string $token = null,
        ?int $userId = null,
        ?int $clientId = null,
        ?int $credentialId = null,
    ): int {
        return $this->row('token.revoke', self::given([
            'token' => $token,
            'user_id' => $userId,
            'client_id' => $clientId,
            'credential_id' => $credentialId,
        ]))->int('revoked');
    }
}
