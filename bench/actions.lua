-- wrk: one question about many executions in turn, each with an Idempotency-Key of its own.
-- Environment: BENCH_RUNNING (file of "execution key fence"), BENCH_PATH and BENCH_BODY (with EXECUTION and
-- FENCE in the places of an execution's own), BENCH_ROUND (makes keys of different rounds differ).

local round = os.getenv("BENCH_ROUND")
local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init(args)
   running = {}
   for line in io.lines(os.getenv("BENCH_RUNNING")) do
      local execution, key, fence = line:match("(%S+) (%S+) (%S+)")
      running[#running + 1] = {
         path = (os.getenv("BENCH_PATH"):gsub("EXECUTION", execution)),
         body = (os.getenv("BENCH_BODY"):gsub("EXECUTION", execution):gsub("FENCE", fence)),
         authorization = "Bearer " .. key,
      }
   end
   -- Threads begin far apart, so that no two connections meet on one execution.
   turn = math.floor(number * #running / tonumber(os.getenv("BENCH_THREADS")))
   count = 0
end

function request()
   turn = turn % #running + 1
   count = count + 1
   local one = running[turn]
   return wrk.format("POST", one.path, {
      ["Authorization"] = one.authorization,
      ["Content-Type"] = "application/json",
      ["Idempotency-Key"] = round .. "-" .. number .. "-" .. count,
      ["Host"] = "127.0.0.1",
   }, one.body)
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format('{"requests":%d,"microseconds":%d,"p50":%.1f,"p95":%.1f,"p99":%.1f,"failed":%d}\n',
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(95), latency:percentile(99),
      errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
