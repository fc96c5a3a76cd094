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
        $texts = [
            'gatepass_options_set_sealing_key_file' => $sealingKeyFile,
            'gatepass_options_set_sealing_key' => $sealingKey,
            'gatepass_options_set_actor' => $actor,
        ];
        // Most requests set none of them, and each call into the library has its cost.
        foreach (array_filter($texts, is_string(...)) as $setter => $text) {
            $library->run($setter, $options->pointer(), $text);
        }
        return $options;
    }
}
