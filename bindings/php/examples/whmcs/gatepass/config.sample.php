<?php

// Copy this file to config.php and change what stands here. docs/autoauth.md explains it step by step.

return [
    // Loads the Gatepass package, wherever Composer put it. Outside of the document root.
    'autoload' => '/opt/gatepass/vendor/autoload.php',

    // The store, made by `gatepass init --mode host`. Outside of the document root, in a folder of PHP's user.
    'store' => '/var/lib/gatepass/gatepass.db',

    // Where the AutoAuth keys come from: 'store' for those added by `gatepass autoauth key add`, each with a count of its
    // uses, or 'configuration.php' for the one $autoauthkey that stands in WHMCS's configuration.php.
    'key' => 'store',

    // What opens the keys in the store: made by `gatepass seal new`, not in the store's folder. With 'configuration.php'
    // it is not needed: null.
    'sealing_key_file' => '/etc/gatepass/seal.key',

    // When to ask "Continue?" before a link is spent: 'signed_in' if somebody is signed in already, or 'always', which
    // keeps programs that open links by themselves from spending them.
    'confirm' => 'signed_in',

    // For the links in e-mails only: the label of the host credential that makes them. Every store has 'cli'.
    'mail_credential' => 'cli',
];
