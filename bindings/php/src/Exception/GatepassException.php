<?php

declare(strict_types=1);

namespace Gatepass\Exception;

/**
 * Everything that Gatepass throws. Nobody may be let in when one of these is thrown.
 *
 * `getMessage()` is one line for a log: never a token, a secret or an address. `getCode()` is the number of the code
 * in `gatepass.h`, 0 where this package itself refused.
 */
interface GatepassException extends \Throwable
{
    /** The stable word for what happened, such as `token_redeemed`: for logs and for telling cases apart. */
    public function codeName(): string;
}
