import type { QuirkDefinition, SshEffects } from './quirk.ts';

/** What can differ on the way to the console and back (docs/routeros.md, 1.1). */
export const SSH_QUIRKS: readonly QuirkDefinition[] = [
  quirk('exit-status-1-on-failure', 'U1', 'a command that fails, and nothing catches it, ends with exit status 1', {
    exitStatus: (failed) => (failed ? 1 : 0),
  }),
  quirk('exit-status-missing', 'U1', 'no exec ends with an exit status', { exitStatus: () => undefined }),
  quirk('output-wrapped-at-80', 'U11', 'lines of output are broken after 80 characters, within words too', {
    breakLines: { columns: 80, inserted: '\r\n' },
  }),
  quirk('output-line-feeds', 'U11', 'a line feed stands in every line of output after each 1000 bytes', {
    breakLines: { columns: 1000, inserted: '\n' },
  }),
  quirk('command-limit-4096', 'U15', 'commands are cut off after 4096 bytes', { maxCommandBytes: 4096 }),
  quirk('command-limit-2048', 'U15', 'commands are cut off after 2048 bytes', { maxCommandBytes: 2048 }),
  quirk('one-session', 'U15', 'a second connection cannot log in', { maxSessions: 1 }),
  quirk('one-channel', 'U15', 'a connection has one channel at a time', { maxChannels: 1 }),
  quirk('third-channel-hangs', 'U15', 'a third channel on a connection is never answered, nor is a later one', {
    hangs: { channels: 3, what: 'channel' },
  }),
  quirk('three-channels-hang', 'U15', 'a connection on which a third channel is opened is never answered any more', {
    hangs: { channels: 3, what: 'connection' },
  }),
  quirk('output-limit-16k', 'U21', 'the output of one exec ends after 16 KiB', { maxOutputBytes: 16 * 1024 }),
  quirk('script-dies-with-channel', 'U22', 'a script dies when its channel or connection does', {
    diesWithChannel: true,
  }),
];

function quirk(name: string, unknown: string, summary: string, ssh: SshEffects): QuirkDefinition {
  return { name, unknown, summary, effects: () => ({ ssh }) };
}
