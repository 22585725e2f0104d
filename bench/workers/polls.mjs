// One process in which all contenders take turns.
import { contender } from '../lib/contenders.mjs';
import { given, report } from '../lib/processes.mjs';
import { rotated } from '../lib/stats.mjs';

const IN_FLIGHT = 32;
const { url, names, rounds, calls } = given();
const id = 'poll';

const samples = {};
const clients = [];
for (const name of names) {
  samples[name] = { latencies: [], cpu: [], perSecond: [] };
  clients.push({ name, client: await contender(name, url) });
}

// The first calls compile, connect and fill caches.
for (const { client } of clients) {
  for (let call = 0; call < 300; call += 1) await client.poll(id);
  await atOnce(client, 300);
}
for (let round = 0; round < rounds; round += 1) {
  for (const { name, client } of rotated(clients, round)) {
    const latencies = [];
    const before = process.cpuUsage();
    for (let call = 0; call < calls; call += 1) {
      const start = performance.now();
      await client.poll(id);
      latencies.push(performance.now() - start);
    }
    const { user, system } = process.cpuUsage(before);
    samples[name].latencies.push(latencies);
    samples[name].cpu.push((user + system) / 1000 / calls);
  }
}
for (let round = 0; round < rounds; round += 1) {
  for (const { name, client } of rotated(clients, round)) {
    const start = performance.now();
    await atOnce(client, calls * 2);
    samples[name].perSecond.push((calls * 2) / ((performance.now() - start) / 1000));
  }
}
report(samples);

/** Makes `count` calls, always `IN_FLIGHT` at once. */
async function atOnce(client, count) {
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await client.poll(id);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}
