"""Lab 5.6, reading a trace: runs of the scheduling classes that are made from a name, in each of which one rule is broken; what is asked is
where that begins. Nothing here looks at a kernel: the models (grade/models) take every decision, and they judge what came out.

    runs_of(name)        # questions.py: the Runs of a student
    judge(plan, events)  # judge.py: where the models find a rule broken
    check(data, number)  # questions.py: judges an answer; its main() is what `make questions` calls"""
