<?php

declare(strict_types=1);

namespace Gatepass\Exception;

/** The store, a copy of it or its sealing key stands where the web server might hand it to anybody who asks. */
final class StoreInDocumentRoot extends \LogicException implements GatepassException
{
    use HasCodeName;

    /** @internal Thrown, not made by callers. */
    public function __construct(string $place, string $root)
    {
        parent::__construct(
            "$place lies inside the document root $root, from where the web server could give it to anybody. "
            . 'Move it to a folder outside, such as /var/lib/gatepass.',
        );
        $this->codeName = 'store_in_document_root';
    }
}
