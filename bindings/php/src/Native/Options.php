<?php

declare(strict_types=1);

namespace Gatepass\Native;

/**
 * Builds how a store is opened.
 *
 * @internal
 */
final class Options
{
    public static function of(
        Library $library,
        int|float|null $deadline,
        ?string $sealingKeyFile,
        #[\SensitiveParameter] ?string $sealingKey,
        ?string $actor,
    ): Handle {
        $options = $library->make('options', 'gatepass_options_new');
        if ($deadline !== null) {
            $milliseconds = Time::toMs('deadline', $deadline);
            $library->run('gatepass_options_set_deadline_ms', $options->pointer(), $milliseconds);
        }
        if ($sealingKeyFile !== null) {
            DocumentRoot::refuse($sealingKeyFile);
        }
        $library->run('gatepass_options_set_sealing_key_file', $options->pointer(), $sealingKeyFile);
        $library->run('gatepass_options_set_sealing_key', $options->pointer(), $sealingKey);
        $library->run('gatepass_options_set_actor', $options->pointer(), $actor);
        return $options;
    }
}
