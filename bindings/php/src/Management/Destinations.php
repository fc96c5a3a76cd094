<?php

declare(strict_types=1);

namespace Gatepass\Management;

use Gatepass\DestinationInput;
use Gatepass\Model\Destination;

/** Destinations: landing pages by name. */
final class Destinations extends Noun
{
    /** @return list<Destination> */
    public function list(): array
    {
        return $this->rows('destination.list', [], Destination::fromRow(...));
    }

    /**
     * Add a destination or change one.
     *
     * @param string $path Relative to the system URL, with `{id}` where the id goes.
     *
     * @throws \Gatepass\Exception\InvalidArgument `name`, `path`, `input`.
     */
    public function set(string $name, string $path, DestinationInput $input = DestinationInput::None): Destination
    {
        $parameters = ['name' => $name, 'path' => $path, 'input' => $input->value];
        return Destination::fromRow($this->row('destination.set', $parameters));
    }

    /**
     * Remove a destination, a built-in one too.
     *
     * @throws \Gatepass\Exception\Refused `DestinationUnknown`.
     */
    public function remove(string $name): void
    {
        $this->gate->call('destination.remove', ['name' => $name]);
    }
}
