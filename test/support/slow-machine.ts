import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';

// Where `localhost` has two addresses, Node drops a connection that stood while a busy worker was late by 250 ms (nodejs/node#54359).
setDefaultAutoSelectFamilyAttemptTimeout(10_000);
