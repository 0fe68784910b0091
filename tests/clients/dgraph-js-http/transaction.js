// One transaction by the unmodified client: begun, written, read, committed; another discarded.
// Usage: node transaction.js http://host:port predicate
// Prints what it saw as one JSON object; exits with 1 on any error.

const dgraph = require("dgraph-js-http");

// A transaction sees its own writes through an index looked up by value, not through has().
const VALUES = '"written", "discarded", "conflict"';

async function values(reader, predicate) {
  const answer = await reader.query(`{ q(func: eq(${predicate}, [${VALUES}])) { ${predicate} } }`);
  return answer.data.q.map((row) => row[predicate]);
}

async function main(address, predicate) {
  const client = new dgraph.DgraphClient(new dgraph.DgraphClientStub(address));
  await client.alter({ schema: `${predicate}: string @index(exact) @upsert .` });

  const seen = {};
  const txn = client.newTxn();
  const written = await txn.mutate({ setJson: { uid: "_:one", [predicate]: "written" } });
  seen.uids = Object.keys(written.data.uids);
  // Another replica may be a few entries behind with the transaction's own write.
  for (let tries = 0; tries < 100 && !seen.inside?.length; tries++) {
    seen.inside = await values(txn, predicate);
  }
  seen.outside = await values(client.newTxn(), predicate);
  await txn.commit();
  seen.committed = await values(client.newTxn(), predicate);

  const second = client.newTxn();
  await second.mutate({ setNquads: `_:two <${predicate}> "discarded" .` });
  await second.discard();
  seen.discarded = await values(client.newTxn({ readOnly: true }), predicate);

  const [left, right] = [client.newTxn(), client.newTxn()];
  for (const one of [left, right]) {
    await one.mutate({ setJson: { uid: "_:same", [predicate]: "conflict" } });
  }
  await left.commit();
  seen.conflict = await right.commit().then(
    () => "committed",
    (error) => (error === dgraph.ERR_ABORTED ? "aborted" : String(error)),
  );
  return seen;
}

const [address, predicate] = process.argv.slice(2);
main(address, predicate).then(
  (seen) => console.log(JSON.stringify(seen)),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
