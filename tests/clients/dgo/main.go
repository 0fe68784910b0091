// What an application does with dgo, unmodified, against whatever speaks api.Dgraph at TARGET.
//
// Usage: session plain|acl TARGET PREFIX. Prints one line for each step: its name and what came of it, in
// JSON. What differs from run to run (uids, the prefix) is masked, so that the lines of two targets can be
// compared.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/dgraph-io/dgo/v250"
	"github.com/dgraph-io/dgo/v250/protos/api"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

var (
	ctx    = context.Background()
	uids   = regexp.MustCompile(`0x[0-9a-f]+`)
	prefix string
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func got[T any](value T, err error) T {
	must(err)
	return value
}

// tell prints what was seen at a step.
func tell(step string, seen any) {
	name, value := got(json.Marshal(step)), got(json.Marshal(seen))
	text := strings.ReplaceAll(string(value), prefix, "PREFIX")
	fmt.Printf("%s %s\n", name, uids.ReplaceAllString(text, "UID"))
}

// fails tells how something failed: the code and the text of gRPC, or the text alone.
func fails(step string, err error) {
	if told, is := status.FromError(err); is && err != nil {
		tell(step, []string{told.Code().String(), told.Message()})
		return
	}
	tell(step, []string{fmt.Sprint(err)})
}

func open(target string) *dgo.Dgraph {
	plain := dgo.WithGrpcOption(grpc.WithTransportCredentials(insecure.NewCredentials()))
	return got(dgo.NewClient(target, plain))
}

func name() string { return prefix + "_name" }

func person(value string) *api.Mutation {
	return &api.Mutation{SetNquads: []byte(fmt.Sprintf("_:new <%s> %q .", name(), value))}
}

func committed(mutation *api.Mutation) *api.Mutation {
	mutation.CommitNow = true
	return mutation
}

// seen returns the answer to a question for all names, as it came.
func seen(txn *dgo.Txn) json.RawMessage {
	ask := fmt.Sprintf("{ q(func: has(%[1]s), orderasc: %[1]s) { %[1]s } }", name())
	return got(txn.Query(ctx, ask)).Json
}

func transactions(dg *dgo.Dgraph) {
	txn := dg.NewTxn()
	made := got(txn.Mutate(ctx, person("Alice")))
	tell("mutate", []any{len(made.Uids), made.Txn.StartTs > 0})
	ask := fmt.Sprintf("query q($n: string) { q(func: eq(%[1]s, $n)) { uid %[1]s } }", name())
	inside := got(txn.QueryWithVars(ctx, ask, map[string]string{"$n": "Alice"}))
	tell("seen inside", json.RawMessage(inside.Json))
	tell("unseen outside", seen(dg.NewTxn()))
	must(txn.Commit(ctx))
	tell("committed", seen(dg.NewReadOnlyTxn()))
	fails("used after its end", txn.Commit(ctx))

	txn = dg.NewTxn()
	got(txn.Mutate(ctx, person("Mallory")))
	must(txn.Discard(ctx))
	tell("discarded", seen(dg.NewReadOnlyTxn()))

	bob := got(dg.NewTxn().Mutate(ctx, committed(person("Bob")))).Uids["new"]
	// It tells what the alpha has by now, which may be an older state.
	fresh, caught := string(seen(dg.NewReadOnlyTxn())), false
	for try := 0; try < 1_000 && !caught; try++ {
		caught = string(seen(dg.NewReadOnlyTxn().BestEffort())) == fresh
	}
	tell("best-effort", []any{caught, json.RawMessage(fresh)})
	_, err := dg.NewReadOnlyTxn().Mutate(ctx, person("No"))
	fails("a write within a read", err)
	rdf := got(dg.NewReadOnlyTxn().QueryRDF(ctx, fmt.Sprintf("{ q(func: uid(%s)) { %s } }", bob, name())))
	tell("rdf", string(rdf.Rdf))

	change := []byte(fmt.Sprintf("<%s> <%s> \"Carol\" .", bob, name()))
	first, second := dg.NewTxn(), dg.NewTxn()
	for _, each := range []*dgo.Txn{first, second} {
		got(each.Mutate(ctx, &api.Mutation{SetNquads: change}))
	}
	must(first.Commit(ctx))
	err = second.Commit(ctx)
	tell("a conflict", []any{errors.Is(err, dgo.ErrAborted), err.Error()})
	_, err = dg.NewTxn().Query(ctx, "{ broken")
	fails("a query that is none", err)
	_, err = dg.NewTxn().Mutate(ctx, &api.Mutation{SetNquads: []byte("no triple")})
	fails("a mutation that is none", err)
	removal := &api.Mutation{CommitNow: true}
	dgo.DeleteEdges(removal, bob, name())
	got(dg.NewTxn().Mutate(ctx, removal))
	tell("deleted", seen(dg.NewReadOnlyTxn()))
}

func upserts(dg *dgo.Dgraph) {
	query := fmt.Sprintf("query { v as var(func: eq(%s, \"Erin\")) }", name())
	for round := range 3 {
		mutation := person("Erin")
		mutation.Cond = "@if(eq(len(v), 0))"
		request := &api.Request{Query: query, Mutations: []*api.Mutation{mutation}, CommitNow: true}
		tell(fmt.Sprintf("upsert %d", round), len(got(dg.NewTxn().Do(ctx, request)).Uids))
	}
	tell("upserted once", seen(dg.NewReadOnlyTxn()))
	got(dg.RunDQL(ctx, fmt.Sprintf("{ set { _:f <%s> \"Frank\" . } }", name())))
	ask := fmt.Sprintf("query q($n: string) { q(func: eq(%[1]s, $n)) { %[1]s } }", name())
	told := got(dg.RunDQLWithVars(ctx, ask, map[string]string{"$n": "Frank"}, dgo.WithReadOnly()))
	tell("run by text", json.RawMessage(told.Json))
}

// together asks much at once on one connection.
func together(dg *dgo.Dgraph) {
	var group sync.WaitGroup
	answers := make([]string, 200)
	for at := range answers {
		group.Add(1)
		go func() {
			defer group.Done()
			answers[at] = string(seen(dg.NewReadOnlyTxn()))
		}()
	}
	group.Wait()
	same := true
	for _, answer := range answers {
		same = same && answer == answers[0]
	}
	tell("many at once", same)
}

func plain(dg *dgo.Dgraph) {
	must(dg.Alter(ctx, &api.Operation{Schema: name() + ": string @index(exact) @upsert ."}))
	fails("a schema that is none", dg.SetSchema(ctx, "name: nonsense ."))
	fails("a predicate of Dgraph's own", dg.DropPredicate(ctx, "dgraph.type"))
	transactions(dg)
	upserts(dg)
	together(dg)
	start, end, err := dg.AllocateUIDs(ctx, 5)
	must(err)
	tell("leased", end-start)
}

func acl(dg *dgo.Dgraph) {
	_, err := dg.NewReadOnlyTxn().Query(ctx, "{ q(func: uid(1)) { uid } }")
	fails("nobody reads", err)
	fails("nobody alters", dg.SetSchema(ctx, name()+": string ."))
	fails("a wrong password", dg.Login(ctx, "groot", "wrong"))
	must(dg.Login(ctx, "groot", "password"))
	must(dg.SetSchema(ctx, name()+": string @index(exact) @upsert ."))
	got(dg.NewTxn().Mutate(ctx, committed(person("Alice"))))
	tell("written by groot", seen(dg.NewReadOnlyTxn()))
	must(dg.Relogin(ctx))
	number := got(dg.CreateNamespace(ctx))
	_, listed := got(dg.ListNamespaces(ctx))[number]
	tell("listed", listed)
	must(dg.DropNamespace(ctx, number))
	// The alphas are told some time after it is answered.
	for range 1_000 {
		if _, listed = got(dg.ListNamespaces(ctx))[number]; !listed {
			break
		}
	}
	tell("dropped", !listed)
}

func main() {
	mode, target := os.Args[1], os.Args[2]
	prefix = os.Args[3]
	dg := open(target)
	defer dg.Close()
	map[string]func(*dgo.Dgraph){"plain": plain, "acl": acl}[mode](dg)
}
