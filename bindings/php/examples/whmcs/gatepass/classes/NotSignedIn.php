<?php

declare(strict_types=1);

namespace GatepassWhmcs;

/** The link is good, but the one it names can't be signed in. The message is for the log, without an address. */
final class NotSignedIn extends \RuntimeException
{
}
