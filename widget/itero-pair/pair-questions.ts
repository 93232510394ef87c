/** What is shown only when the person is asked something: a lazy part of the bundle. */
export { accountsView } from './pair-accounts.ts';
export { signOutDialog, unpairDialog, type DialogActions } from './pair-dialog.ts';
