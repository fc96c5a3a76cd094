<?php

declare(strict_types=1);

namespace GatepassWhmcs;

/**
 * Something for the operator: the configuration is wrong, or `localAPI` failed or said what can't be relied on. The
 * message is for the log and holds no address, key or token.
 */
final class Fault extends \RuntimeException
{
}
