<?php

declare(strict_types=1);

namespace Gatepass\Native;

use Gatepass\Exception\InvalidArgument;

/**
 * Builds what an act is asked for.
 *
 * @internal
 */
final class Request
{
    private const SETTERS = [
        'user_id' => 'gatepass_request_set_user_id',
        'client_id' => 'gatepass_request_set_client_id',
        'destination' => 'gatepass_request_set_destination',
        'service_id' => 'gatepass_request_set_service_id',
        'domain_id' => 'gatepass_request_set_domain_id',
        'redirect_path' => 'gatepass_request_set_redirect_path',
        'life' => 'gatepass_request_set_life_ms',
        'binding' => 'gatepass_request_set_binding',
        'actor' => 'gatepass_request_set_actor',
        'address' => 'gatepass_request_set_address',
        'token' => 'gatepass_request_set_token',
        'session' => 'gatepass_request_set_session',
        'confirmed' => 'gatepass_request_set_confirmed',
        'start_session' => 'gatepass_request_set_start_session',
        'link' => 'gatepass_request_set_link',
        'uses' => 'gatepass_request_set_uses',
        'label' => 'gatepass_request_set_label',
        'title' => 'gatepass_request_set_title',
        'end_siblings' => 'gatepass_request_set_end_siblings',
        'query' => 'gatepass_request_set_query',
        'email' => 'gatepass_request_set_email',
        'timestamp' => 'gatepass_request_set_timestamp',
        'hash' => 'gatepass_request_set_hash',
        'goto' => 'gatepass_request_set_goto',
        'key' => 'gatepass_request_set_key',
        'key_label' => 'gatepass_request_set_key_label',
    ];

    /** What the library takes for true where it is not set: one call less for almost every request. */
    private const TRUE_UNLESS_SET = ['confirmed' => true, 'start_session' => true];

    /** @param array<string, string|int|bool|null> $fields Those that are `null` are not set. */
    public static function of(Library $library, #[\SensitiveParameter] array $fields): Handle
    {
        $request = $library->make('request', 'gatepass_request_new');
        foreach ($fields as $name => $value) {
            if ($value === null || ($value === true && isset(self::TRUE_UNLESS_SET[$name]))) {
                continue;
            }
            if ($value === 0) {
                // To the library 0 is "not set". Here that is `null`, and a 0 is somebody's mistake: a token for the
                // client's owner must not come of a user id that was lost on the way.
                throw InvalidArgument::in($name, 'must be positive');
            }
            $library->run(self::SETTERS[$name], $request->pointer(), is_bool($value) ? (int) $value : $value);
        }
        return $request;
    }
}
