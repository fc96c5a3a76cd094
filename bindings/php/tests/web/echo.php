<?php

// Tells what the library would be given of a request, as JSON with bytes in hex.

declare(strict_types=1);

require dirname(__DIR__) . '/bootstrap.php';

$request = Gatepass\Web\Request::current('oauth/singlesignon.php');
$told = [];
foreach ((new ReflectionClass($request))->getProperties() as $property) {
    $told[$property->getName()] = $property->getValue($request);
}
array_walk_recursive($told, static fn (string &$text) => $text = bin2hex($text));
(new Gatepass\Web\Response(
    403,
    [['Content-Type', 'application/json'], ['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2'], ['Location', '/x']],
    json_encode($told, JSON_THROW_ON_ERROR),
))->send();
