package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/seed16713943/btools/pkg/kb"
)

// RecoverPlanned recovers a file and returns what SQLite was asked meanwhile, and
// what was told.
func RecoverPlanned(t testing.TB, from, to string, clock kb.Clock) (plans Plans, told []RecoveryProgress) {
	t.Helper()
	conn := &plannedConn{plans: make(Plans)}
	r := &recovery{
		ctx: t.Context(), report: func(Finding) error { return nil }, clock: clock, rows: make(map[string]int64),
		progress: func(p RecoveryProgress) {
			conn.told = p
			told = append(told, p)
		},
	}
	err := r.open(from)
	if err == nil {
		r.layout, err = newLayout(t.Context())
	}
	if err == nil {
		err = r.create(to, from)
	}
	if err != nil {
		t.Fatal(err)
	}
	// The session is another one of the same connection.
	unplanned := r.out
	err = unplanned.conn.Raw(func(raw any) error {
		conn.SQLiteConn = raw.(*sqlite3.SQLiteConn)
		return nil
	})
	r.blobs.Close()
	r.out = &session{db: sql.OpenDB(conn), idle: make(map[string][]*sql.Stmt), waiting: newWaitingRows()}
	if err == nil {
		r.out.conn, err = r.out.db.Conn(t.Context())
	}
	r.blobs = newBlobReader(r.out)
	if err == nil {
		err = r.fill()
	}
	if err := errors.Join(err, r.close(), unplanned.Close()); err != nil {
		t.Fatal(err)
	}
	return conn.plans, told
}

// Plans are the plans of statements, by their text.
type Plans map[string]*Plan

// Plan is how SQLite goes about a statement.
type Plan struct {
	Runs  int
	Late  bool       // it was run when what was told last was that all is done
	Steps []PlanStep // of EXPLAIN QUERY PLAN
}

// PlanStep is a step of a plan. Those that are within the same one are loops, each
// within the one before.
type PlanStep struct {
	ID, Within int64
	What       string
}

// Slow returns the steps of statements that look at all of a table for each row of
// another, or for each run of a statement that is run more than few times.
func (p Plans) Slow(few int) (slow []string) {
	for query, plan := range p {
		repeated := map[int64]bool{0: plan.Runs > few} // what is within these steps is done again and again
		loops := make(map[int64]bool)                  // within these there is one already
		for _, s := range plan.Steps {
			isScan := s.isScan()
			isLoop := isScan || strings.HasPrefix(s.What, "SEARCH ")
			indexes := strings.Contains(s.What, "AUTOMATIC") // all of a table, once for a run
			if isScan && loops[s.Within] || (isScan || indexes) && repeated[s.Within] {
				slow = append(slow, fmt.Sprintf("%s in\n%s", s.What, query))
			}
			loops[s.Within] = loops[s.Within] || isLoop
			repeated[s.ID] = repeated[s.Within] || strings.HasPrefix(s.What, "CORRELATED ")
		}
	}
	return slow
}

// Scans reports whether it looks at all of a table.
func (p *Plan) Scans() bool {
	return slices.ContainsFunc(p.Steps, func(s PlanStep) bool { return s.isScan() })
}

func (s *PlanStep) isScan() bool {
	return strings.HasPrefix(s.What, "SCAN ") && s.What != "SCAN CONSTANT ROW"
}

// plannedConn notes the plans of statements before they are run.
type plannedConn struct {
	*sqlite3.SQLiteConn
	plans Plans
	told  RecoveryProgress // last
}

func (c *plannedConn) Connect(context.Context) (driver.Conn, error) { return c, nil }
func (c *plannedConn) Driver() driver.Driver                        { return &sqlite3.SQLiteDriver{} }
func (c *plannedConn) Close() error                                 { return nil } // another session has it

func (c *plannedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.note(query)
	return c.SQLiteConn.ExecContext(ctx, query, args)
}

func (c *plannedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.note(query)
	return c.SQLiteConn.QueryContext(ctx, query, args)
}

func (c *plannedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	stmt, err := c.SQLiteConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return plannedStmt{stmt.(*sqlite3.SQLiteStmt), c, query}, nil
}

type plannedStmt struct {
	*sqlite3.SQLiteStmt
	conn  *plannedConn
	query string
}

func (s plannedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.conn.note(s.query)
	return s.SQLiteStmt.ExecContext(ctx, args)
}

func (s plannedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.conn.note(s.query)
	return s.SQLiteStmt.QueryContext(ctx, args)
}

func (c *plannedConn) note(query string) {
	plan := c.plans[query]
	if plan == nil {
		plan = new(Plan)
		c.plans[query] = plan
	}
	plan.Late = plan.Late || c.told.Of > 0 && c.told.Done == c.told.Of
	if plan.Runs++; plan.Runs > 1 {
		return
	}
	steps, err := c.explain(query)
	if err != nil {
		steps = []PlanStep{{What: "SCAN " + err.Error()}}
		plan.Runs = 1 << 30 // so that it is told
	}
	plan.Steps = steps
}

func (c *plannedConn) explain(query string) (steps []PlanStep, err error) {
	stmt, err := c.SQLiteConn.Prepare("EXPLAIN QUERY PLAN " + query)
	if err != nil {
		return nil, err
	}
	defer stmt.Close()
	rows, err := stmt.(*sqlite3.SQLiteStmt).Query(make([]driver.Value, stmt.NumInput()))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	values := make([]driver.Value, 4)
	for rows.Next(values) == nil {
		steps = append(steps, PlanStep{values[0].(int64), values[1].(int64), fmt.Sprint(values[3])})
	}
	return steps, nil
}
