<?php

declare(strict_types=1);

namespace Gatepass;

/** What was changed in somebody's account, after which links that were mailed before may lie in wrong hands. */
enum AccountChange: string
{
    /** The e-mail address. */
    case Email = 'email';
    /** The password. */
    case Password = 'password';
}
