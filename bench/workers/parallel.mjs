// One client, many tasks.
import { clockMs } from '../lib/clock.mjs';
import { contender } from '../lib/contenders.mjs';
import { given, report } from '../lib/processes.mjs';

const { url, name, tasks } = given();
const client = await contender(name, url);
const task = { prompt: 'Extract the main heading', url: 'https://example.com' };
// One call first: modules are loaded, and the figures are those of the tasks.
await client.poll('warm');

const late = [];
const reasons = {};
const start = clockMs();
const before = process.cpuUsage();
await Promise.all(
  Array.from({ length: tasks }, async () => {
    try {
      const { endedAt } = await client.run(task);
      late.push(clockMs() - endedAt);
    } catch (error) {
      const words = [error.message, error.cause?.message, error.cause?.cause?.message]
        .filter(Boolean)
        .join(': ');
      const reason = words.replaceAll(/\d{4,}/g, 'N');
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    }
  }),
);
const { user, system } = process.cpuUsage(before);
report({
  wallMs: clockMs() - start,
  cpuMs: (user + system) / 1000,
  maxRss: process.resourceUsage().maxRSS * 1024,
  late,
  failed: tasks - late.length,
  reasons,
});
