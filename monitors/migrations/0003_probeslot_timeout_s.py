"""The timetable knows how long a check may take. Safe before the code is deployed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitors", "0002_intervals_never_overlap")]

    operations = [
        migrations.AddField("probeslot", "timeout_s", models.PositiveIntegerField(default=60)),
    ]
