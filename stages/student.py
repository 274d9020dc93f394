"""Train the network of lstm_finetuned on the labels of train and the ensemble's labels of unsup: `... student SEED`.

Reads:  data/tokens/, artifacts/embeddings/, data/teacher.npy
Writes: artifacts/lstm_student/SEED/, plots/history/lstm_student-SEED.csv, metrics/valid/lstm_student-SEED.json; while
        it runs .checkpoints/lstm_student-SEED/, from which an interrupted training resumes
Params: classify, student
"""

from pathlib import Path
from typing import Any

from pipeline.classify.params import Classify
from pipeline.classify.run import TOKENS, fit
from pipeline.core.models import STUDENT
from pipeline.core.progress import Progress
from pipeline.student.params import Student
from pipeline.student.teaching import SoftLabels

TEACHER = Path("data/teacher.npy")


def main(progress: Progress, seed: str = "", *, classify: Classify, student: Student) -> dict[str, Any]:
    """Fit the student, with the parameters of the other LSTMs but those of its own section."""
    section = classify.model_copy(update=student.model_dump())
    return fit(progress, STUDENT, seed, section, SoftLabels(TOKENS / "unsup", TEACHER))
